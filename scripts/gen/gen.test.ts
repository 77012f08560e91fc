import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { table, textsFor } from './markdown.ts';
import { reasonTexts } from './reason-texts.ts';
import { referencePages } from './reference-pages.ts';
import { fieldRows, inputSchema } from './schema-fields.ts';

test('every page says first how it is made, and ends with one line end', () => {
  const pages = referencePages();
  expect(pages.map(({ path }) => path)).toMatchInlineSnapshot(`
    [
      "docs/reference/api.md",
      "docs/reference/canary.md",
      "docs/reference/cli.md",
      "docs/reference/errors.md",
      "docs/reference/findings.md",
      "docs/reference/process.md",
      "docs/reference/states.md",
    ]
  `);
  for (const { text } of pages)
    expect(text).toMatch(/^<!-- Made by "npm run gen" from [^\n]*-->\n[\s\S]*[^\n]\n$/);
});

test('a name without a text, and a text for no name, stop the generator', () => {
  expect(textsFor('thing', ['a'], { a: 1 })('a')).toBe(1);
  expect(() => textsFor('thing', ['a', 'b'], { a: 1 })).toThrow('thing without a text: b');
  expect(() => textsFor('thing', ['a'], { a: 1, b: 2 })).toThrow('texts for no thing: b');
});

test('a schema becomes one row a field, in the words of its types', () => {
  const schema = z.strictObject({
    kind: z.literal('Thing'),
    size: z.int().min(0).optional(),
    share: z.number().max(1).optional(),
    mode: z.enum(['', 'fast']).optional(),
    wait: z
      .string()
      .transform((text) => text.length)
      .meta({ title: 'duration' })
      .optional(),
    limit: z.union([z.string(), z.strictObject({ most: z.string() })]),
    list: z.array(z.strictObject({ on: z.boolean() })).optional(),
    by: z.record(z.string(), z.strictObject({ exact: z.string() })).optional(),
    rest: z.record(z.string(), z.unknown()).optional(),
  });
  const rows = fieldRows(inputSchema(schema)).map(
    ({ path, type, required }) => `${path}: ${type}${required ? ', needed' : ''}`,
  );
  expect(rows).toMatchInlineSnapshot(`
    [
      "kind: \`Thing\`, needed",
      "size: whole number, at least 0",
      "share: number, at most 1",
      "mode: empty, \`fast\`",
      "wait: duration",
      "limit: text or mapping, needed",
      "limit.most: text, needed",
      "list: list of mapping",
      "list[].on: true or false, needed",
      "by: mapping of mapping",
      "by.<name>.exact: text, needed",
      "rest: mapping of anything",
    ]
  `);
});

test('a cell cannot end its table', () => {
  expect(table(['a'], [['x | y\nz']])).toBe('| a |\n| --- |\n| x \\| y z |');
});

test('reasons have the owners that SPEC gives them', () => {
  const spec = readFileSync(join(import.meta.dirname, '../../src/rollout/SPEC.md'), 'utf8');
  const rows = [
    ...(spec.split('## Reasons')[1] ?? '').matchAll(/^\| ([a-z, -]+) \| [^|]* \| ([a-z, ]*) ?\|$/gm),
  ];
  const turns = new Map(
    rows.flatMap(([, reasons = '', turn = '']) =>
      reasons.split(', ').map((reason) => [reason, turn.trim()] as const),
    ),
  );
  turns.delete('reason');
  const shown = reasonTexts.flatMap(({ reasons }) => Object.entries(reasons));
  expect(shown.map(([reason]) => reason).toSorted()).toEqual([...turns.keys()].toSorted());
  const wrong = shown.filter(([reason, [, owners]]) =>
    owners.some((owner) => !(turns.get(reason) ?? '').split(', ').includes(owner)),
  );
  expect(wrong.map(([reason]) => reason)).toEqual([]);
});
