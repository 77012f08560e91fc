import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareResourceVersions } from './resource-version.ts';

test('compares as integers of any length', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n), fc.bigInt(0n, 2n ** 64n), (a, b) => {
      expect(Math.sign(compareResourceVersions(String(a), String(b)) ?? Number.NaN)).toBe(
        Number(a > b) - Number(a < b),
      );
    }),
  );
});

test('says nothing of what is no number', () => {
  expect([
    compareResourceVersions('', '1'),
    compareResourceVersions('1', 'a2'),
    compareResourceVersions('01', '1'),
  ]).toEqual([null, null, null]);
});
