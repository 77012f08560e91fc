import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { celErrors, compileError } from './cel.ts';
import { compareFields } from './field-compare.ts';
import {
  decodeFields,
  difference,
  encodeFields,
  fieldsOf,
  intersection,
  isEmpty,
  pathsOf,
  union,
} from './field-set.ts';
import type { Json, JsonObject } from './json.ts';
import { jsonPatch, mergePatch } from './patch.ts';
import { readSchema } from './schema.ts';
import { labelMatcher } from './selectors.ts';
import { validateSchema } from './validate-schema.ts';

const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.dictionary(fc.stringMatching(/^[a-c]$/), tie('tree'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const documents = fc.dictionary(fc.stringMatching(/^[a-c]$/), tree, {
  maxKeys: 3,
  noNullPrototype: true,
}) as fc.Arbitrary<JsonObject>;
const free = readSchema({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });

describe('field sets', () => {
  test('survive their encoding', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const set = fieldsOf(document, free);
        fc.pre(!isEmpty(set));
        expect(pathsOf(decodeFields(encodeFields(set)))).toEqual(pathsOf(set));
      }),
    );
  });

  test('obey the laws of sets', () => {
    fc.assert(
      fc.property(documents, documents, (one, two) => {
        const [a, b] = [fieldsOf(one, free), fieldsOf(two, free)];
        expect(pathsOf(union(difference(a, b), intersection(a, b)))).toEqual(pathsOf(a));
        expect(isEmpty(intersection(difference(a, b), b))).toBe(true);
      }),
    );
  });

  test('nothing changed where nothing differs', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const { changed, removed } = compareFields(document, structuredClone(document), free);
        expect([isEmpty(changed), isEmpty(removed)]).toEqual([true, true]);
      }),
    );
  });
});

describe('patches', () => {
  test('a merge patch with the whole document and null for the rest makes that document', () => {
    fc.assert(
      fc.property(documents, documents, (from, to) => {
        const gone = Object.fromEntries(Object.keys(from).map((key) => [key, null]));
        expect(mergePatch(mergePatch(from, gone), to)).toEqual(to);
      }),
    );
  });

  test('JSON patch edits lists by index', () => {
    const patch = [
      { op: 'add', path: '/list/1', value: 'b' },
      { op: 'add', path: '/list/-', value: 'd' },
      { op: 'remove', path: '/list/0' },
      { op: 'replace', path: '/a~1b', value: 2 },
      { op: 'copy', from: '/list/0', path: '/first' },
      { op: 'move', from: '/a~1b', path: '/moved' },
    ];
    expect(jsonPatch({ list: ['a', 'c'], 'a/b': 1 }, patch)).toEqual({
      list: ['b', 'c', 'd'],
      first: 'b',
      moved: 2,
    });
    expect(() => jsonPatch({}, [{ op: 'remove', path: '/none' }])).toThrow('rejected our request');
    expect(() => jsonPatch({ list: [] }, [{ op: 'add', path: '/list/1', value: 1 }])).toThrow(
      'rejected our request',
    );
  });
});

describe('selectors', () => {
  test.each([
    ['a=1,b!=2', { a: '1' }, true],
    ['a=1,b!=2', { a: '1', b: '2' }, false],
    ['a in (1, 2)', { a: '2' }, true],
    ['a notin (1,2)', {}, true],
    ['!a', { a: '' }, false],
    ['a', { a: '' }, true],
  ] as const)('%s of %j is %s', (selector, labels, matches) => {
    expect(labelMatcher(selector)({ metadata: { labels } })).toBe(matches);
  });

  test('nonsense is refused, in the words of the API server', () => {
    const refusal = (selector: string): string => {
      try {
        labelMatcher(selector);
        return 'none';
      } catch (thrown) {
        return thrown instanceof Error ? thrown.message : '';
      }
    };
    expect(['a=b=c', 'a=b c', 'a in b', '=b'].map(refusal)).toEqual([
      "found '=', expected: ',' or 'end of string'",
      "found 'c', expected: ',' or 'end of string'",
      "unable to parse requirement: found 'b' expected: '('",
      "found '=', expected: !, identifier, or 'end of string'",
    ]);
  });
});

describe('schemas', () => {
  const schema = readSchema({
    type: 'object',
    properties: {
      port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      ratio: { type: 'number', maximum: 1, exclusiveMaximum: true },
      one: {
        type: 'object',
        properties: { a: { type: 'string' }, b: { type: 'string' } },
        oneOf: [{ required: ['a'] }, { required: ['b'] }],
      },
      tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' }, maxItems: 2 },
    },
  });

  test.each([
    [{ port: 80, ratio: 0.5, one: { a: '' }, tags: ['x'] }, []],
    [{ port: 1.5 }, ['port: Invalid value: "number": port in body must be of type integer,string: "number"']],
    [{ ratio: 1 }, ['ratio: Invalid value: 1: ratio in body should be less than 1']],
    [
      { one: { a: '', b: '' } },
      ['one: Invalid value: {"a":"","b":""}: one in body must validate one and only one schema (oneOf)'],
    ],
    [
      { tags: ['x', 'x', 'y'] },
      ['tags: Too many: 3: must have at most 2 items', 'tags[1]: Duplicate value: "x"'],
    ],
  ] as const)('%j', (value, errors) => {
    expect(validateSchema(value, schema).map(({ path, message }) => `${path}: ${message}`)).toEqual(errors);
  });
});

describe('CEL', () => {
  const schema = readSchema({
    type: 'object',
    properties: {
      steps: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: {
          type: 'object',
          properties: { name: { type: 'string' }, weight: { type: 'integer' } },
          'x-kubernetes-validations': [
            {
              rule: 'self.weight >= oldSelf.weight',
              messageExpression: "self.name + ' fell to ' + string(self.weight)",
            },
          ],
        },
      },
    },
    'x-kubernetes-validations': [
      { rule: 'self.steps.all(s, s.weight <= 100)', message: 'a weight is at most 100' },
    ],
  });
  const steps = (...weights: readonly number[]): JsonObject => ({
    steps: weights.map((weight, index) => ({ name: `s${index}`, weight })),
  });
  const found = (value: Json, old?: Json): readonly string[] =>
    celErrors(value, old, schema).map(({ path, message }) => `${path}: ${message}`);

  test('rules hold of one state, transition rules of items found by their keys', () => {
    expect(found(steps(1, 200))).toEqual([': Invalid value: a weight is at most 100']);
    expect(
      found(
        {
          steps: [
            { name: 's1', weight: 4 },
            { name: 's0', weight: 1 },
          ],
        },
        steps(1, 5),
      ),
    ).toEqual(['steps[0]: Invalid value: s1 fell to 4']);
    expect(found(steps(1, 2, 3), steps(1))).toEqual([]);
  });

  test('what is invalid already and stays as it was is let through', () => {
    expect(found(steps(200), steps(200))).toEqual([]);
  });

  test('what cannot be compiled says why', () => {
    expect(compileError('self.a ==')).not.toBeNull();
    expect(compileError('has(self.a) && self.a > 1')).toBeNull();
  });
});
