import { expect, test } from 'vitest';
import { nextBackoff, noBackoff } from './backoff.ts';

test('doubles from one second to five minutes, and starts anew after ten minutes of running', () => {
  let backoff = noBackoff;
  const delays: number[] = [];
  for (let end = 0; end < 11; end += 1) {
    backoff = nextBackoff(backoff, 500);
    delays.push(backoff.delayMs / 1_000);
  }
  expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  expect(nextBackoff(backoff, 10 * 60_000 - 1).delayMs).toBe(300_000);
  expect(nextBackoff(backoff, 10 * 60_000)).toEqual({ ends: 1, delayMs: 1_000 });
});
