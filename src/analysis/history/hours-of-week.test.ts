import { expect, test } from 'vitest';
import { hoursOfWeek } from './hours-of-week.ts';
import { marginForSpread, podSpread } from './pod-spread.ts';
import { historyOf } from '../../../test/statistics/histories.ts';

const monday = Date.parse('2026-01-05T00:00:00Z');
const hourMs = 3_600_000;

test('three weeks in which Tuesdays at nine go wrong', () => {
  const rollouts = Array.from({ length: 21 * 24 }, (_, hour) => ({
    startMs: monday + hour * hourMs,
    rolledBack: hour % 168 === 33 && hour > 168,
  }));
  const week = hoursOfWeek(rollouts);
  expect(week).toMatchObject({
    kind: 'compared',
    hoursSeen: 168,
    hours: [{ day: 2, hour: 9, rolledBack: { count: 2, of: 3 } }],
  });
});

test('a week says nothing about weeks', () => {
  const rollouts = [0, 6.9 * 24].map((hour) => ({ startMs: monday + hour * hourMs, rolledBack: true }));
  expect(hoursOfWeek(rollouts)).toEqual({ kind: 'tooShort', days: 7 });
  expect(hoursOfWeek([])).toEqual({ kind: 'tooShort', days: 0 });
});

test('pods that differ are found, and chance is not taken for a difference', () => {
  const spreadOf = (errors: readonly number[]): number =>
    podSpread(historyOf({ seed: 5, rollouts: 50, errors, requestsPerBlock: 2000 }))?.logDeviation ??
    Number.NaN;
  expect(spreadOf([0.01, 0.01, 0.01, 0.01, 0.01, 0.01])).toBeLessThan(0.05);
  // ln 2 between neighbours.
  expect(spreadOf([0.005, 0.01, 0.02])).toBeCloseTo(Math.LN2, 1);
  expect(
    podSpread(historyOf({ seed: 5, rollouts: 50, errors: [0.01, 0.01], requestsPerBlock: 2000 })),
  ).toBeNull();
  expect(podSpread(historyOf({ seed: 5, rollouts: 1, errors: [0, 0, 0], requestsPerBlock: 100 }))).toBeNull();
  expect(marginForSpread({ pods: 10, logDeviation: 0.2 }, 1, 9)).toBeCloseTo(1.62, 2);
});
