import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../test/statistics/random.ts';
import { betaBinomialLogMixture } from './beta-binomial.ts';
import { isPossibleShare, shareInterval } from './share-interval.ts';

/*
 * Published values: unit tests of confseq (Howard, Ramdas, McAuliffe, Sekhon), the reference implementation.
 *
 * Used, so held against them: the beta-binomial mixture, in both forms, and the Bernoulli confidence sequence that is made of it. Each
 * interval that a verdict shows is of a share (errors, or requests within a bound of the histogram), whose steps are 0 and 1.
 *
 * Not used, so not written: the normal mixture (for sub-Gaussian steps; means of gauges have no bound on theirs, so they are compared
 * by exact ranks and get no interval), the gamma-exponential and gamma-Poisson mixtures (for rates of counts without an upper end; no rate
 * is shown with an interval), stitched bounds (an alternative to mixtures), and the iterated-logarithm band of an empirical distribution
 * (for all quantiles at once; one quantile needs one share, see below, and that interval is the shorter one).
 */
describe('published values of the reference implementation', () => {
  const tuning = { g: 0.2, h: 0.8, v: 100, alpha: 0.05 };

  test('beta-binomial mixture, two-sided and one-sided, within 1e-5', () => {
    expect(Math.abs(betaBinomialLogMixture(10, 100, tuning) - -0.6941012)).toBeLessThan(1e-5);
    expect(Math.abs(betaBinomialLogMixture(10, 100, tuning, true) - -0.07134019)).toBeLessThan(1e-5);
  });

  test('the bounds at which the mixtures reach 1/α, within 1e-5', () => {
    for (const [bound, oneSided] of [
      [31.4308, false],
      [28.41238, true],
    ] as const) {
      const excess = (s: number): number => betaBinomialLogMixture(s, 100, tuning, oneSided) - Math.log(20);
      expect(excess(bound - 1e-5)).toBeLessThan(0);
      expect(excess(bound + 1e-5)).toBeGreaterThan(0);
    }
  });

  test('Bernoulli confidence sequences, within 1e-5, or 1e-3 of the distance to the end, which the search for the root may leave', () => {
    for (const [bad, requests, tuned, low, high] of [
      [700, 1000, 100, 0.651629, 0.745949],
      [15, 50, 50, 0.129556, 0.511896],
      [5, 50, 50, 0.013021, 0.269264],
      [1, 50, 50, 0, 0.13489],
      [1, 2, 50, 0, 1],
      [100, 200, 1, 0.328923, 0.671076],
      [0, 1, 50, 0, 1],
      [1, 1, 50, 0, 1],
    ] as const) {
      const found = shareInterval(bad, requests, 0.05, tuned);
      expect(Math.abs(found.low - low), `low of ${bad} of ${requests}`).toBeLessThan(
        Math.max(1e-5, 1e-3 * low),
      );
      expect(Math.abs(found.high - high), `high of ${bad} of ${requests}`).toBeLessThan(
        Math.max(1e-5, 1e-3 * (1 - high)),
      );
    }
  });
});

test('intervals against roots of 60 digits: never shorter, and hardly longer', () => {
  for (const [bad, requests, alpha, low, high] of [
    [14, 310, 0.01, 0.0137887061452, 0.102774296819],
    [0, 50, 0.01, 0, 0.318810559631],
    [9, 10, 0.01, 0.0548158409874, 1],
    [400, 100_000, 0.01, 0.00323225408423, 0.00486486554679],
    [1, 2_000_000, 0.001, 0, 8.66734617165e-6],
    [3, 3, 0.01, 0.00180930763968, 1],
    [999_999, 1_000_000, 0.05, 0.999988003568, 1],
  ] as const) {
    const found = shareInterval(bad, requests, alpha);
    const rounding = 1e-11;
    expect(found.low).toBeLessThanOrEqual(low * (1 + rounding));
    expect(found.high).toBeGreaterThanOrEqual(high * (1 - rounding));
    expect(found.low).toBeGreaterThanOrEqual(low * (1 - 1e-3));
    expect(1 - found.high).toBeGreaterThanOrEqual((1 - high) * (1 - 1e-3));
  }
});

describe('the interval of a quantile, one share a bound of the histogram', () => {
  /*
   * At the true quantile, whether or not a bound lies there, the requests within it are a Bernoulli sequence of share q. Counts at a
   * bound below it are never higher and above it never lower, and refutation goes one way on each side of n·q. So whenever any bound
   * refutes the truth, that one sequence refutes q as well: all bounds together miss as rarely as one.
   */
  test('what refutes a share from above is refuted by more, and from below by less', () => {
    for (const share of [0.5, 0.95, 0.999]) {
      for (const requests of [1, 7, 60, 400]) {
        const possible = Array.from({ length: requests + 1 }, (_, within) =>
          isPossibleShare(within, requests, share, 0.01),
        );
        const first = possible.indexOf(true);
        const last = possible.lastIndexOf(true);
        expect(possible.slice(first, last + 1).every(Boolean)).toBe(true);
        expect(first).toBeLessThanOrEqual(requests * share);
        expect(last).toBeGreaterThanOrEqual(Math.floor(requests * share));
      }
    }
  });

  test('of 2,000 canaries looked at after each of 400 requests, at most 5 % ever see an interval that misses', () => {
    const bounds = Array.from({ length: 20 }, (_, index) => (index + 1) / 20.5);
    const quantile = 0.8;
    // Latencies are uniform on 0 to 1, so the true quantile is 0.8: between two bounds.
    const tables = Array.from({ length: 401 }, (_, requests) =>
      Array.from({ length: requests + 1 }, (_unused, within) =>
        isPossibleShare(within, requests, quantile, 0.05),
      ),
    );
    let missed = 0;
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const random = new Random(seed);
      const within = bounds.map(() => 0);
      let wrong = false;
      for (let requests = 1; requests <= 400 && !wrong; requests += 1) {
        const latency = random.uniform();
        for (const [index, bound] of bounds.entries()) {
          if (latency <= bound) within[index] = (within[index] ?? 0) + 1;
          const refuted = tables[requests]?.[within[index] ?? 0] === false;
          const above = (within[index] ?? 0) > requests * quantile;
          if (refuted && above !== bound > quantile) wrong = true;
        }
      }
      if (wrong) missed += 1;
    }
    // The 99.9 % point of the binomial law.
    expect(missed).toBeLessThanOrEqual(131);
    expect(missed).toBeGreaterThan(0);
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
