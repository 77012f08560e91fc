import fc from 'fast-check';
import { expect, test } from 'vitest';
import { didYouMean, didYouMeanSentence, editDistance } from './did-you-mean.ts';

const commands = ['promote', 'pause', 'plan', 'rollback', 'retry', 'list', 'lint'];

test('a swapped, missing or wrong letter finds the command', () => {
  expect(didYouMean('promtoe', commands)).toEqual(['promote']);
  expect(didYouMean('rolback', commands)).toEqual(['rollback']);
  expect(didYouMean('lis', commands)).toEqual(['list']);
  expect(didYouMeanSentence('lnt', commands)).toBe(' Did you mean "lint"?');
});

test('nothing near is nothing', () => {
  expect(didYouMeanSentence('kubernetes', commands)).toBe('');
});

test('the distance is symmetric, zero only for equal texts, and at most the longer length', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      const distance = editDistance(a, b);
      expect(distance).toBe(editDistance(b, a));
      expect(distance === 0).toBe(a === b);
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});
