import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { absoluteFactors, absoluteRatios, shareFactors, slowRatios } from './factors.ts';
import { advanceMixture, evidenceOf, spentPrior, startMixture } from './onset-mixture.ts';

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

  test('the mixture stays a supermartingale: two blocks of coins at the limit, all outcomes', () => {
    const limit = 0.25;
    let mean = 0;
    for (const first of [0, 1]) {
      for (const second of [0, 1]) {
        let mixture = startMixture(absoluteRatios.length);
        let probability = 1;
        for (const bad of [first, second]) {
          probability *= bad === 1 ? limit : 1 - limit;
          mixture = advanceMixture(
            mixture,
            absoluteFactors({ requests: 1, bad }, limit, absoluteRatios, 1),
            2,
          );
        }
        mean += probability * evidenceOf(mixture, 2);
      }
    }
    expect(mean).toBeCloseTo(1, 12);
  });
});

test('evidence stays finite, and starts at 1', () => {
  expect(evidenceOf(startMixture(6), 10)).toBe(1);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(1_000), fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1 }),
      (blocks) => {
        let mixture = startMixture(absoluteRatios.length);
        for (const [requests, share] of blocks) {
          if (requests === 0) continue;
          const bad = Math.round(requests * share);
          mixture = advanceMixture(
            mixture,
            absoluteFactors({ requests, bad }, 0.001, absoluteRatios, 10),
            10,
          );
        }
        expect(Number.isFinite(evidenceOf(mixture, 10))).toBe(true);
        expect(spentPrior(mixture.blocks, 10)).toBeLessThan(1);
      },
    ),
  );
});
