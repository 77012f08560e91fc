import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { betaBinomialLogMixture } from './beta-binomial.ts';
import { isPossibleShare, shareInterval } from './share-interval.ts';

describe('published values of the reference implementation', () => {
  const tuning = { g: 0.2, h: 0.8, v: 100, alpha: 0.05 };

  test('beta-binomial mixture, two-sided and one-sided, within 1e-5', () => {
    expect(Math.abs(betaBinomialLogMixture(10, 100, tuning) - -0.6941012)).toBeLessThan(1e-5);
    expect(Math.abs(betaBinomialLogMixture(10, 100, tuning, true) - -0.07134019)).toBeLessThan(1e-5);
  });

  test('the bounds at which the mixtures reach 1/α', () => {
    expect(betaBinomialLogMixture(31.4308, 100, tuning)).toBeCloseTo(Math.log(20), 4);
    expect(betaBinomialLogMixture(28.41238, 100, tuning, true)).toBeCloseTo(Math.log(20), 4);
  });
});

test('the mixture of a Bernoulli sequence is a martingale: the mean over all sequences is 1', () => {
  for (const share of [0.05, 0.3]) {
    const variance = share * (1 - share);
    const tuning = { g: share, h: 1 - share, v: 10 * variance, alpha: 0.05 };
    let mean = 0;
    let choose = 1;
    const n = 12;
    for (let x = 0; x <= n; x += 1) {
      const probability = choose * share ** x * (1 - share) ** (n - x);
      mean += probability * Math.exp(betaBinomialLogMixture(x - n * share, n * variance, tuning));
      choose = (choose * (n - x)) / (x + 1);
    }
    expect(mean).toBeCloseTo(1, 10);
  }
});

test('an interval holds the shares that are possible, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (requests, part) => {
        const bad = Math.round(part * requests);
        const { low, high } = shareInterval(bad, requests, 0.01);
        expect(low).toBeLessThanOrEqual(bad / requests);
        expect(high).toBeGreaterThanOrEqual(bad / requests);
        if (low > 1e-9) expect(isPossibleShare(bad, requests, low * 0.999, 0.01)).toBe(false);
        if (high < 1 - 1e-9) expect(isPossibleShare(bad, requests, 1 - (1 - high) * 0.999, 0.01)).toBe(false);
        const inside = (Math.max(low, bad / requests / 2) + bad / requests) / 2;
        if (inside > low && inside < 1) expect(isPossibleShare(bad, requests, inside, 0.01)).toBe(true);
      },
    ),
  );
});

test('the interval refutes exactly what the mixture refutes', () => {
  for (const [bad, requests] of [
    [14, 310],
    [0, 50],
    [9, 10],
    [400, 100_000],
  ] as const) {
    for (const share of [0.001, 0.004, 0.02, 0.2, 0.7]) {
      const variance = share * (1 - share);
      const tuning = { g: share, h: 1 - share, v: 1000 * variance, alpha: 0.01 };
      const mixture = betaBinomialLogMixture(bad - requests * share, requests * variance, tuning);
      expect(isPossibleShare(bad, requests, share, 0.01)).toBe(mixture < Math.log(100));
    }
  }
});

test('intervals of whole counts', () => {
  expect(shareInterval(0, 0, 0.01)).toEqual({ low: 0, high: 1 });
  const { low, high } = shareInterval(14, 310, 0.01);
  expect([low.toFixed(4), high.toFixed(4)]).toMatchInlineSnapshot(`
    [
      "0.0138",
      "0.1028",
    ]
  `);
});
