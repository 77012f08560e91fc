import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCondition } from './condition.ts';

function evaluate(text: string, result: readonly number[]): boolean | string {
  const condition = parseCondition(text);
  if (!condition.ok) return condition.error;
  const value = condition.value(result);
  return value.ok ? value.value : value.error;
}

test.for([
  ['result[0] >= 0.95', [0.95], true],
  ['result < 0.01', [0.02], false],
  ['len(result) == 0 || result[0] < 1', [], true],
  ['isNaN(result[0]) || result[0] <= 5', [Number.NaN], true],
  ['default(result[0], 0) < 0.05', [], true],
  ['default(result, 0) < 0.05', [Number.NaN], true],
  ['!(result[0] > 1) && result[1] != 3', [1, 2], true],
  ['result[0] > -1e3 && result[0] < 1 || result[0] == 7', [7], true],
  ['result[0] == 1', [], 'result has no value 0'],
  ['result > 1', [1, 2], 'result has 2 values: write result[0]'],
  ['result[0]', [1], 'the condition is a number, not true or false'],
] as const)('%s of %j is %j', ([text, result, expected]) => {
  expect(evaluate(text, result)).toBe(expected);
});

test('what is not understood is refused', () => {
  const refused = [
    '',
    'all(result, # > 1)',
    'result[0] + 1 > 2',
    'result.mean > 1',
    'result[0] >',
    'result[x] > 1',
    '(result > 1',
    'filter(result)',
    'result > 1 result',
  ];
  for (const text of refused) expect(parseCondition(text).ok, text).toBe(false);
});

test('no text makes the parser fail', () => {
  const parts = fc.constantFrom(
    'result',
    '[',
    ']',
    '0',
    '(',
    ')',
    '&&',
    '||',
    '!',
    '<',
    '==',
    'len',
    'isNaN',
    'default',
    ',',
    '-',
    ' ',
    '$',
  );
  fc.assert(
    fc.property(fc.array(parts), (tokens) => {
      const condition = parseCondition(tokens.join(''));
      if (condition.ok) condition.value([1]);
    }),
  );
});
