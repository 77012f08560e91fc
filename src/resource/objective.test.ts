import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { parseObjective } from './objective.ts';

test.each([
  ['0.1 %', 'x', { measure: { kind: 'errorShare' }, limit: { max: 0.1 } }],
  ['< 1%', 'request-success-rate', { measure: { kind: 'errorShare' }, limit: { max: 1 } }],
  ['99.9 %', 'request-success-rate', { measure: { kind: 'successShare' }, limit: { min: 99.9 } }],
  ['≥ 99 %', 'x', { measure: { kind: 'successShare' }, limit: { min: 99 } }],
  ['p95 2 s', 'x', { measure: { kind: 'latencyQuantile', quantile: 0.95 }, limit: { max: 2 } }],
  ['P99.9 <= 250ms', 'x', { measure: { kind: 'latencyQuantile', quantile: 0.999 }, limit: { max: 0.25 } }],
])('%s of %s', (text, name, value) => {
  const parsed = parseObjective(text, name);
  expect(parsed.ok && parsed.value).toEqual(value);
});

test.each(['', '0.1', 'p95', 'p95 2', 'p0 1s', 'p100 1s', '101 %', '-1 %', 'fast', '< p95 1s', '1 % 2 %'])(
  '"%s" is none',
  (text) => {
    expect(parseObjective(text, 'x').ok).toBe(false);
  },
);

test('no text makes it throw', () => {
  assert(property(string(), string(), (text, name) => typeof parseObjective(text, name).ok === 'boolean'));
});
