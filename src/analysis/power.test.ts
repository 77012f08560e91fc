import { describe, expect, test } from 'vitest';
import {
  expectedDamage,
  informationOf,
  leastRequests,
  leastRequestsCompared,
  requestsNeeded,
  smallestFound,
  smallestRankPValue,
  thresholdFalseAlarm,
} from './power.ts';

const settings = { limit: 0.001, falseRollback: 0.01, power: 0.9 };

/** Within one unit of the last digit that was written. */
function near(found: number | null, written: number, unit: number): void {
  expect(Math.abs((found ?? Number.NaN) - written), `${found} for ${written}`).toBeLessThanOrEqual(unit);
}

describe('the least that any test needs', () => {
  test('limit 0.1 %', () => {
    expect(informationOf(0.01, 0.001)).toBeCloseTo(0.014067, 6);
    for (const [share, requests] of [
      [0.002, 11_906],
      [0.005, 1_136],
      [0.01, 327],
    ] as const)
      near(leastRequests(share, 0.001, 0.01), requests, 1);
    near(leastRequests(0.05, 0.001, 0.01), 31.2, 0.1);
  });

  test('with the baseline measured beside', () => {
    near(leastRequestsCompared(0.005, 0.001, 0.01, 0.01), 1_158, 1);
    near(leastRequestsCompared(0.01, 0.001, 0.1, 0.01), 424, 1);
    near(leastRequestsCompared(0.5, 0.001, 0.5, 0.01), 10.8, 0.1);
  });
});

test('requests for a power of 50, 80, 90 and 95 %', () => {
  const table = [
    [0.002, 18_331, 30_023, 38_490, 46_888],
    [0.005, 1_749, 3_054, 4_033, 5_019],
    [0.01, 505, 922, 1_243, 1_570],
    [0.05, 48, 97, 135, 176],
    [0.5, 3, 5, 7, 9],
  ] as const;
  for (const [share, ...requests] of table) {
    for (const [index, power] of [0.5, 0.8, 0.9, 0.95].entries())
      near(
        requestsNeeded(share, { ...settings, power }),
        requests[index] ?? 0,
        Math.max(1, share === 0.002 ? 3 : 1),
      );
  }
  expect(requestsNeeded(0.001, settings)).toBe(Number.POSITIVE_INFINITY);
  expect(requestsNeeded(0.01, { ...settings, dispersion: 5 })).toBeCloseTo(
    5 * requestsNeeded(0.01, settings),
    6,
  );
});

test('the smallest regression that the steps find with 90 %', () => {
  for (const [requests, percent, unit] of [
    [30, 16.6, 0.1],
    [150, 4.6, 0.1],
    [450, 2.0, 0.1],
    [300, 2.7, 0.1],
    [3_000, 0.59, 0.01],
    [15_000, 0.27, 0.01],
    [30_000, 0.22, 0.01],
  ] as const)
    near((smallestFound(requests, settings) ?? 0) * 100, percent, unit);
  for (const [requests, percent] of [
    [30, 38],
    [300, 13.3],
    [3_000, 7.3],
  ] as const)
    near(
      (smallestFound(requests, { ...settings, limit: 0.05 }) ?? 0) * 100,
      percent,
      percent === 38 ? 0.5 : 0.1,
    );
  expect(smallestFound(1, settings)).toBe(null);
});

test('how often a threshold fails a release that is fine: 30 checks', () => {
  const alarm = (requestsPerCheck: number, share: number, failures: number): { check: number; run: number } =>
    thresholdFalseAlarm(share, { requestsPerCheck, limit: 0.001, checks: 30, failures });
  near(alarm(600, 0.0005, 5).check * 100, 25.9, 0.1);
  near(alarm(600, 0.0005, 5).run * 100, 92, 1);
  near(alarm(600, 0.0005, 1).run * 100, 99.99, 0.01);
  near(alarm(60, 0.0005, 1).run * 100, 59, 1);
  near(alarm(300, 0.0005, 5).run * 100, 41, 1);
  near(alarm(6_000, 0.0008, 5).check * 100, 20.9, 0.1);
  near(alarm(6_000, 0.0008, 5).run * 100, 78, 1);
  near(alarm(30_000, 0.0005, 5).check * 100, 0.02, 0.01);
});

test('what a bad release costs', () => {
  const traffic = { canaryRps: 10, blockSeconds: 5 };
  expect(expectedDamage(0.5, settings, traffic)).toEqual({ seconds: 10, failedRequests: 50 });
  const { seconds, failedRequests } = expectedDamage(0.01, settings, traffic);
  expect([Math.round(seconds), Math.round(failedRequests)]).toEqual([52, 5]);
});

test('what ranks can reach', () => {
  expect(smallestRankPValue(1, 9)).toBeCloseTo(0.1, 12);
  expect(smallestRankPValue(3, 9)).toBeCloseTo(1 / 220, 12);
});
