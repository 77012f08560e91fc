import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AbsoluteState, advanceAbsolute, startAbsolute } from './absolute-test.ts';
import { absoluteFactors, absoluteRatios, shareFactors, slowRatios } from './factors.ts';
import { blockBets } from './forms.ts';
import { spentPrior } from './onset-mixture.ts';
import { packSums, unpackSums } from './packed-sums.ts';
import { advanceProcess, evidenceOfProcess, startProcess } from './process.ts';

function choose(n: number, k: number): number {
  let product = 1;
  for (let at = 1; at <= k; at += 1) product = (product * (n - k + at)) / at;
  return product;
}

/** Σ_x P(x) · e(x) over all outcomes of one block, exactly. */
function meanAbsolute(
  n: number,
  p: number,
  limit: number,
  ratios: readonly number[],
  expected: number,
): number[] {
  const means = ratios.map(() => 0);
  for (let x = 0; x <= n; x += 1) {
    const probability = choose(n, x) * p ** x * (1 - p) ** (n - x);
    for (const [j, factor] of absoluteFactors({ requests: n, bad: x }, limit, ratios, expected).entries()) {
      means[j] = (means[j] ?? 0) + probability * factor;
    }
  }
  return means;
}

/** The same for the share bet, over the non-central hypergeometric law of the canary's part of m bad requests. */
function meanShare(nc: number, ns: number, m: number, odds: number, margin: number): number[] {
  const weights: number[] = [];
  for (let x = 0; x <= m; x += 1)
    weights.push(x <= nc && m - x <= ns ? choose(nc, x) * choose(ns, m - x) * odds ** x : 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const means = absoluteRatios.map(() => 0);
  for (const [x, weight] of weights.entries()) {
    const block = { canaryRequests: nc, canaryBad: x, stableRequests: ns, stableBad: m - x };
    for (const [j, factor] of shareFactors(block, margin, absoluteRatios).entries()) {
      means[j] = (means[j] ?? 0) + (weight / total) * factor;
    }
  }
  return means;
}

describe('the mean of each factor is at most 1 while all is well, exactly', () => {
  test('absolute bet: every block up to 12 requests, every rate up to the limit', () => {
    let largest = 0;
    for (const limit of [0.001, 0.05, 0.3]) {
      for (let n = 1; n <= 12; n += 1) {
        for (const part of [0, 0.1, 0.5, 0.9, 1]) {
          for (const expected of [0.5, 10, 1_000]) {
            for (const ratios of [absoluteRatios, slowRatios]) {
              largest = Math.max(largest, ...meanAbsolute(n, limit * part, limit, ratios, expected));
            }
          }
        }
      }
    }
    expect(largest).toBeLessThanOrEqual(1 + 1e-12);
    expect(largest).toBeGreaterThan(1 - 1e-9);
  });

  test('share bet: every split of small arms, every number of bad requests, odds up to the margin', () => {
    let largest = 0;
    for (const margin of [1, 1.5, 2]) {
      for (let nc = 1; nc <= 6; nc += 1) {
        for (let ns = 1; ns <= 8; ns += 1) {
          for (let m = 1; m <= nc + ns; m += 1) {
            for (const part of [0.2, 0.7, 1])
              largest = Math.max(largest, ...meanShare(nc, ns, m, margin * part, margin));
          }
        }
      }
    }
    expect(largest).toBeLessThanOrEqual(1 + 1e-12);
  });

  test('above the limit it is evidence', () => {
    expect(Math.max(...meanAbsolute(10, 0.01, 0.001, absoluteRatios, 10))).toBeGreaterThan(1);
  });

  test('the whole process, as it is written into the state: all outcomes of blocks of any length, merged or not', () => {
    for (const limit of [0.01, 0.25]) {
      for (const part of [0.3, 1]) {
        for (const lengths of [[1, 1, 1, 1], [2, 2], [4], [1, 3], [5, 1, 2], [3, 0, 5]]) {
          const mean = meanEvidence(lengths, limit, limit * part);
          expect(mean).toBeLessThanOrEqual(1 + 1e-12);
          if (part === 1) expect(mean).toBeGreaterThan(1 - 1e-3);
        }
      }
    }
  });
});

/** Σ P(all counts) · E at the end, over all outcomes of blocks of these lengths; what is expected of a block comes from those before. */
function meanEvidence(lengths: readonly number[], limit: number, p: number): number {
  const test = { key: '', bad: { kind: 'errors' }, limit } as const;
  const course = { kind: 'rollout', plannedBlocks: 3 } as const;
  const context = { course, form: blockBets, plannedRequests: 2 };
  const walk = (state: AbsoluteState, index: number): number => {
    const n = lengths[index];
    if (n === undefined) return evidenceOfProcess(state.canary, course);
    let mean = 0;
    for (let x = 0; x <= n; x += 1) {
      const canary = { requests: n, errors: x };
      const next = advanceAbsolute(test, state, { fromMs: 0, canary, stable: null }, context);
      mean += choose(n, x) * p ** x * (1 - p) ** (n - x) * walk(next, index + 1);
    }
    return mean;
  };
  return walk(startAbsolute(test), 0);
}

test('sums as text lose at most 1/10,000 nat, never gain, and stand still when read and written again', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1e-8, max: 1e50, noNaN: true }), { minLength: 1 }), (sums) => {
      const text = packSums(sums);
      const read = unpackSums(text);
      for (const [index, sum] of sums.entries()) {
        expect(read[index]).toBeLessThanOrEqual(sum * (1 + 1e-9));
        expect(read[index]).toBeGreaterThan(sum * (1 - 2e-4));
      }
      expect(packSums(read)).toBe(text);
    }),
  );
  expect(unpackSums(packSums([0, 1e-12, 1e200]))).toEqual([0, 0, expect.closeTo(Math.exp(147.9615), -60)]);
});

test('evidence stays finite, and starts at 1', () => {
  expect(evidenceOfProcess(startProcess(6), { kind: 'rollout', plannedBlocks: 10 })).toBe(1);
  const course = { kind: 'rollout', plannedBlocks: 10 } as const;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(1_000), fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1 }),
      (blocks) => {
        let process = startProcess(absoluteRatios.length);
        for (const [requests, share] of blocks) {
          if (requests === 0) continue;
          const bad = Math.round(requests * share);
          const factors = absoluteFactors({ requests, bad }, 0.001, absoluteRatios, 10);
          ({ process } = advanceProcess(process, factors, course));
        }
        expect(Number.isFinite(evidenceOfProcess(process, course))).toBe(true);
        expect(spentPrior(process[1], 10)).toBeLessThan(1);
      },
    ),
  );
});
