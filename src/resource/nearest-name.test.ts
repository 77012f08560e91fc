import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearestName } from './nearest-name.ts';

test.each([
  ['stepWeigth', 'stepWeight'],
  ['stepweight', 'stepWeight'],
  ['maxWieght', 'maxWeight'],
  ['gateway', 'gateways'],
  ['x', null],
  ['rollbackOnFailure', null],
])('%s is near %s', (written, near) => {
  expect(nearestName(written, ['stepWeight', 'stepWeights', 'maxWeight', 'gateways', 'port'])).toBe(near);
});

test('a distance is 0 for equal texts alone, the same both ways, and at most the longer length', () => {
  assert(
    property(string({ maxLength: 12 }), string({ maxLength: 12 }), (a, b) => {
      const distance = editDistance(a, b);
      expect(distance === 0).toBe(a === b);
      expect(distance).toBe(editDistance(b, a));
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});
