import { expect, test } from 'vitest';
import { logNormaliser } from './log-normaliser.ts';

/** The sum itself, term by term. */
function summed(canary: number, stable: number, bad: number, odds: number): number {
  const first = Math.max(0, bad - stable);
  let log = first * Math.log(odds);
  let sum = log;
  for (let u = first; u < Math.min(canary, bad); u += 1) {
    log += Math.log((((canary - u) / (u + 1)) * (bad - u) * odds) / (stable - bad + u + 1));
    sum = Math.max(sum, log) + Math.log1p(Math.exp(-Math.abs(sum - log)));
  }
  return sum;
}

test('many failures are summed around the mode: the same as term by term', () => {
  const cases = [
    [30_000, 40_000, 25_000],
    [30_000, 40_000, 69_000],
    [4_000_000, 30_000, 60_000],
    [25_000, 900_000, 300_000],
    [2_000_000, 3_000_000, 1_000_000],
  ] as const;
  for (const [canary, stable, bad] of cases) {
    const ratio = logNormaliser(canary, stable, bad, 6) - logNormaliser(canary, stable, bad, 1.5);
    const exact = summed(canary, stable, bad, 6) - summed(canary, stable, bad, 1.5);
    expect(Math.abs(ratio - exact), `${canary} ${stable} ${bad}`).toBeLessThan(1e-4);
  }
});

test('counts beyond all reason take no time and stay numbers', () => {
  for (const [canary, stable, bad] of [
    [1e12, 1e12, 1e12],
    [1e12, 1, 1e12],
    [1, 1e12, 1e12],
    [1e12, 1e12, 2e12],
  ] as const)
    expect(Number.isFinite(logNormaliser(canary, stable, bad, 1.5))).toBe(true);
});
