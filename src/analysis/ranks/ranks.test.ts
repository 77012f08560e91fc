import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareGauges } from './gauge.ts';
import { largerByChance, rankSum } from './rank-sum.ts';

/** The definition: share of all ways to deal the pooled values that give at least this U. */
function byEnumeration(x: readonly number[], y: readonly number[]): number {
  const all = [...x, ...y];
  const observed = rankSum(x, y).u;
  let reached = 0;
  let ways = 0;
  for (let mask = 0; mask < 1 << all.length; mask += 1) {
    const chosen = all.filter((_, index) => (mask >> index) & 1);
    if (chosen.length !== x.length) continue;
    ways += 1;
    if (
      rankSum(
        chosen,
        all.filter((_, index) => !((mask >> index) & 1)),
      ).u >= observed
    )
      reached += 1;
  }
  return reached / ways;
}

describe('rank sum', () => {
  test('exact, for every small pair of samples without ties', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 8 }),
        fc.integer({ min: 1, max: 7 }),
        (values, cut) => {
          const x = values.slice(0, Math.min(cut, values.length - 1));
          const y = values.slice(x.length);
          expect(largerByChance(x, y)).toBeCloseTo(byEnumeration(x, y), 10);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('ties share a rank', () => {
    expect(rankSum([1, 2, 2], [2, 3])).toEqual({ ranks: 7, u: 1, ties: 24, cles: 1 / 6 });
    expect(largerByChance([1, 1, 1], [1, 1])).toBe(1);
    expect(largerByChance([], [1])).toBe(1);
    // What is no number has no rank, but it ends.
    expect(rankSum([Number.NaN, 1], [Number.NaN]).ties).toBe(0);
  });

  test('large samples come near the normal law', () => {
    const x = Array.from({ length: 60 }, (_, index) => index + 0.5);
    const y = Array.from({ length: 60 }, (_, index) => index);
    expect(largerByChance(x, y)).toBeGreaterThan(0.4);
    expect(largerByChance(x, y)).toBeLessThan(0.5);
  });
});

test('gauges: what one pod can and cannot show', () => {
  const stable = [50, 51, 49, 52, 48, 50.5, 51.5, 49.5, 48.5];
  expect(compareGauges([90], stable, { alpha: 0.01 })).toMatchObject({
    kind: 'cannotTell',
    message: '1 canary and 9 stable pods: this comparison cannot reach 1 %, at best 10 %',
  });
  expect(compareGauges([90, 91, 92], stable, { alpha: 0.01 }).kind).toBe('worse');
  // Significant, but of no size.
  expect(compareGauges([52.1, 52.2, 52.3], stable, { alpha: 0.01 }).kind).toBe('notShown');
  expect(compareGauges([], stable, { alpha: 0.01 }).kind).toBe('cannotTell');
});
