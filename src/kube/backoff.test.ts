import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { Backoff, backoffMs, reconnectBackoff } from './backoff.ts';

describe('backoff', () => {
  test('doubles from 0.8 s to 15 s, each up to twice as long with jitter, never above 30 s', () => {
    const delays = (random: number): number[] =>
      [0, 1, 2, 3, 4, 5, 60, 5000].map((attempt) => backoffMs(attempt, random, reconnectBackoff));
    expect(delays(0)).toEqual([800, 1600, 3200, 6400, 12_800, 15_000, 15_000, 15_000]);
    expect(delays(0.5)).toEqual([1200, 2400, 4800, 9600, 19_200, 22_500, 22_500, 22_500]);
    expect(Math.max(...delays(1))).toBe(30_000);
  });

  test('starts anew after two healthy minutes, counted from the retry', async () => {
    const clock = new VirtualClock();
    const backoff = new Backoff(clock, () => 0);
    expect([backoff.failed(), backoff.failed(), backoff.failed()]).toEqual([800, 1600, 3200]);
    await clock.runFor(3200 + 119_999);
    expect(backoff.rested).toBe(false);
    expect(backoff.failed()).toBe(6400);
    await clock.runFor(6400 + 120_000);
    expect(backoff.rested).toBe(true);
    expect(backoff.failed()).toBe(800);
  });
});
