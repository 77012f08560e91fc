import { expect, test } from 'vitest';
import { didYouMean, didYouMeanSentence } from './did-you-mean.ts';

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
