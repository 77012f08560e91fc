import { array, assert, constantFrom, json, oneof, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { weightsOf } from './compile/steps.ts';
import { findDuplicates, readDocuments } from './document.ts';
import { formatFindings } from './fixtures/format-findings.ts';

const two = `# shop
apiVersion: sluice.dev/v1alpha1
kind: Process
metadata:
  name: shop
spec:
  command: [node, shop.js] # the app
  args:

  - --fast
---
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: prod}
`;

test('reads each document with its place', () => {
  const { documents, findings } = readDocuments('a.yaml', two);
  expect(findings).toEqual([]);
  expect(
    documents.map(({ index, apiVersion, kind, namespace, name }) => [
      index,
      apiVersion,
      kind,
      namespace,
      name,
    ]),
  ).toEqual([
    [0, 'sluice.dev/v1alpha1', 'Process', 'default', 'shop'],
    [2, 'v1', 'ConfigMap', 'prod', 'settings'],
  ]);
  expect(documents[0]?.positionOf(['spec', 'args'])).toEqual({ line: 8, column: 3 });
  expect(documents[0]?.positionOf(['spec', 'args', 0])).toEqual({ line: 10, column: 5 });
  expect(documents[0]?.positionOf(['spec', 'port', 'deeper'])).toEqual({ line: 6, column: 1 });
  expect(documents[1]?.positionOf(['metadata', 'name'])).toEqual({ line: 15, column: 12 });
});

test('says where the text is broken, and goes on with the other documents', () => {
  const text =
    'a: [1, 2\n---\nkind: X\nkind: Y\n---\n- 1\n---\nb:\n\tc: 1\n---\nkind: Z\nmetadata: {name: z}\n';
  const { documents, findings } = readDocuments('bad.yaml', text);
  expect(documents.map(({ kind }) => kind)).toEqual(['Z']);
  expect(formatFindings(findings)).toMatchInlineSnapshot(`
    "bad.yaml:2:1 error yaml-syntax
      This is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]. The file cannot be read, so nothing in it takes effect.
      fix: correct the syntax; indent with spaces, and quote text with special characters
    bad.yaml:4:1 error yaml-duplicate-key
      The same key stands twice in one mapping. Readers disagree on which of two equal keys counts.
      fix: keep one of them
    bad.yaml:6:1 error yaml-not-a-mapping
      The document is a list, not a mapping. A resource is a mapping with apiVersion, kind, metadata and spec.
      fix: begin with apiVersion and kind
    bad.yaml:9:1 error yaml-syntax
      This is not YAML: Tabs are not allowed as indentation. The file cannot be read, so nothing in it takes effect.
      fix: correct the syntax; indent with spaces, and quote text with special characters
    4 errors, 0 warnings, 0 info"
  `);
});

test('refuses aliases that multiply', () => {
  let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n';
  for (let level = 1; level < 9; level += 1) {
    text += `a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]\n`;
  }
  expect(readDocuments('bomb.yaml', text).findings.map(({ code }) => code)).toEqual(['yaml-alias-bomb']);
});

test('survives deep nesting, emptiness and a huge file', () => {
  expect(readDocuments('deep.yaml', '['.repeat(20_000)).documents).toEqual([]);
  expect(readDocuments('empty.yaml', '# nothing\n').findings.map(({ code }) => code)).toEqual(['yaml-empty']);
  expect(readDocuments('huge.yaml', ' '.repeat(5_000_000)).findings.map(({ code }) => code)).toEqual([
    'yaml-too-large',
  ]);
});

test('reads JSON, and keeps an unsafe key a plain key', () => {
  const { documents, findings } = readDocuments(
    'a.json',
    '{"kind": "Canary", "__proto__": {"polluted": true}}',
  );
  expect(findings).toEqual([]);
  expect(documents[0]?.kind).toBe('Canary');
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('keeps the text of each document, without what separates them', () => {
  const { documents } = readDocuments('a.yaml', '# one\na: 1\n---\n---\n# two\nb: 2 # b\n...\n---\nc: 3');
  expect(documents.map(({ text }) => text)).toEqual(['# one\na: 1\n', '# two\nb: 2 # b\n', 'c: 3\n']);
});

test('is quick on a long run of blanks', () => {
  const { documents } = readDocuments('a.yaml', `a: "${' '.repeat(1_000_000)}"\n`);
  expect(documents).toHaveLength(1);
});

test('finds two documents of one name', () => {
  const one = readDocuments('a.yaml', 'kind: Canary\nmetadata: {name: x}\n').documents;
  const other = readDocuments(
    'b.yaml',
    'kind: Canary\nmetadata:\n  name: x\n  namespace: default\n',
  ).documents;
  expect(formatFindings(findDuplicates([...one, ...other]))).toMatchInlineSnapshot(`
    "b.yaml:3:3 error duplicate-resource
      Canary default/x was already described in a.yaml, line 2. Two documents describe one resource; the last one read would win by chance.
      fix: keep one of the two, or give this one another name
    1 error, 0 warnings, 0 info"
  `);
});

test('no text makes it throw', () => {
  const yamlish = array(
    constantFrom(
      'a: ',
      '- ',
      '&x ',
      '*x',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      ']',
      '|',
      '"',
      "'",
      '---\n',
      '#',
      '\t',
      '!!',
      '%',
      ': ',
      '? ',
      '<<: ',
      'null',
    ),
  );
  assert(
    property(
      oneof(
        string(),
        json(),
        yamlish.map((parts) => parts.join('')),
      ),
      (text) => {
        const { documents, findings } = readDocuments('any.yaml', text);
        expect(documents.length + findings.length).toBeGreaterThan(0);
        for (const finding of findings) expect(Math.min(finding.line, finding.column)).toBeGreaterThan(0);
        for (const document of documents)
          expect(document.positionOf(['spec', 'analysis', 0]).line).toBeGreaterThan(0);
      },
    ),
    { numRuns: 500 },
  );
});

test('an alias inside of what it names is refused, and a step weight of next to nothing makes no endless plan', () => {
  const { documents, findings } = readDocuments('a.yaml', 'kind: Canary\nspec: &s\n  selector: *s\n');
  expect([documents.length, findings.map(({ code }) => code)]).toEqual([0, ['yaml-alias-bomb']]);
  expect(weightsOf({ stepWeight: 0.00000001, maxWeight: 50 })).toHaveLength(10_000);
});
