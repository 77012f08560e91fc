import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import type { Edit, Path } from './finding.ts';
import { applyEdit } from './apply-edit.ts';

const text = `# head
a:
  b: 1 # one
  # about c
  c: "x"

  d:
    - e: 1
      f: 2
    - g
  h: {i: 1, j: [1, 2]}
---
# second
k: |
  line
l:
  m: 1
`;

const set = (path: Path, value: unknown, document = 0): Edit => ({ kind: 'set', document, path, value });
const remove = (path: Path, document = 0): Edit => ({ kind: 'remove', document, path });

/** Lines that differ. */
function changed(after: string | null): readonly string[] | null {
  if (after === null) return null;
  const old = text.split('\n');
  const now = after.split('\n');
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `-${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+${line}`),
  ];
}

test.each([
  ['sets a value', set(['a', 'b'], 2), ['-  b: 1 # one', '+  b: 2 # one']],
  ['sets text', set(['a', 'c'], 'y: z'), ['-  c: "x"', '+  c: "y: z"']],
  ['sets in a flow mapping', set(['a', 'h', 'i'], 2), ['-  h: {i: 1, j: [1, 2]}', '+  h: {i: 2, j: [1, 2]}']],
  ['adds a key', set(['a', 'd', 0, 'n'], '1m'), ['+      n: 1m']],
  ['adds an item', set(['a', 'd', 2], 'mesh'), ['+    - mesh']],
  ['adds to the second document', set(['l', 'n'], true, 1), ['+  n: true']],
  ['adds after a literal block', set(['o'], 1, 1), ['+o: 1']],
  ['adds a mapping', set(['a', 'p'], { q: [1] }), ['+  p: {q: [1]}']],
  ['removes a key', remove(['a', 'b']), ['-  b: 1 # one']],
  [
    'removes a key with all below it',
    remove(['a', 'd']),
    ['-  d:', '-    - e: 1', '-      f: 2', '-    - g'],
  ],
  ['removes from an item', remove(['a', 'd', 0, 'f']), ['-      f: 2']],
  ['renames', { kind: 'rename', document: 0, path: ['a', 'd'], key: 'list' }, ['-  d:', '+  list:']],
  [
    'moves with its comment',
    { kind: 'move', document: 0, path: ['a', 'c'], to: ['c'] },
    ['-  # about c', '-  c: "x"', '+# about c', '+c: "x"'],
  ],
  ['does nothing where the document is missing', set(['a'], 1, 7), null],
  ['does nothing where the key is missing', remove(['a', 'z', 'y']), null],
] as const satisfies readonly (readonly [string, Edit, readonly string[] | null])[])(
  '%s',
  (_, edit, lines) => {
    expect(changed(applyEdit(text, edit))).toEqual(lines);
  },
);

test('where lines cannot be changed alone, the document is written anew with its comments', () => {
  const after = applyEdit(text, set(['a', 'h', 'k'], 1)) ?? '';
  expect(parse(after.split('---')[0] ?? '').a.h).toEqual({ i: 1, j: [1, 2], k: 1 });
  for (const comment of ['# head', '# one', '# about c', '# second']) expect(after).toContain(comment);
  expect(applyEdit('x: {a: 1}\n', { kind: 'move', document: 0, path: ['x', 'a'], to: ['a'] })).toBe(
    'x: {}\na: 1\n',
  );
});

test('a value that stands at the goal of a move already is kept', () => {
  expect(
    applyEdit('a: 1\nb:\n  c: 2\n  d: 3\n', { kind: 'move', document: 0, path: ['b', 'c'], to: ['a'] }),
  ).toBe('a: 1\nb:\n  d: 3\n');
});

test('changes what it says, and nothing else', () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string(), { maxLength: 2 }),
  );
  const key = fc
    .string({ minLength: 1, maxLength: 5 })
    .filter((name) => name !== '__proto__' && name !== '<<');
  const leaf = fc.dictionary(key, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true });
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(key, leaf, { minKeys: 1, maxKeys: 3, noNullPrototype: true }), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.nat(),
      key,
      value,
      fc.boolean(),
      (trees, pick, name, wanted, takeAway) => {
        const before = trees.map((tree) => stringify(tree)).join('---\n');
        const document = pick % trees.length;
        const tree = trees[document] ?? {};
        const [outer = ''] = Object.keys(tree);
        const inner = tree[outer] ?? {};
        const target = takeAway ? (Object.keys(inner)[0] ?? '') : name;
        const after =
          applyEdit(
            before,
            takeAway ? remove([outer, target], document) : set([outer, target], wanted, document),
          ) ?? '';
        const expected = trees.map((one, index) => {
          if (index !== document) return one;
          const kept = Object.fromEntries(Object.entries(inner).filter(([own]) => own !== target));
          return { ...one, [outer]: takeAway ? kept : { ...inner, [target]: wanted } };
        });
        expect([...parseAllDocuments(after)].map((one) => one.toJS() as unknown)).toEqual(expected);
      },
    ),
    { numRuns: 150 },
  );
});
