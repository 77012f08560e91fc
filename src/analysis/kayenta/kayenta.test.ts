import { describe, expect, test } from 'vitest';
import { Random } from '../../../test/statistics/random.ts';
import type { JudgePlan } from '../judge.ts';
import { classify, percentile, prepare } from './classify.ts';
import { kayenta } from './kayenta.ts';
import { scoreOf } from './score.ts';
import { shiftInterval } from './shift-interval.ts';

const range = (n: number, map: (index: number) => number): number[] =>
  Array.from({ length: n }, (_, index) => map(index));

describe('classification', () => {
  const noise = range(30, (index) => 10 + Math.sin(index));

  test('higher, lower, neither, and the ways that matter', () => {
    const higher = noise.map((value) => value * 1.5);
    expect(classify(higher, noise, {})).toMatchObject({ classification: 'High', critical: false });
    expect(classify(noise, higher, {}).classification).toBe('Low');
    expect(classify(noise, higher, { direction: 'increase' }).classification).toBe('Pass');
    expect(classify(higher, noise, { critical: true })).toMatchObject({ critical: true });
    expect(classify(higher, noise, { effectSize: { allowedIncrease: 1.6 } }).classification).toBe('Pass');
    expect(classify(higher, noise, { critical: true, effectSize: { criticalIncrease: 2 } }).critical).toBe(
      false,
    );
    expect(classify(noise.toReversed(), noise, {}).classification).toBe('Pass');
  });

  test('short cuts: no data, one value, NaN', () => {
    expect(classify([], [1], {}).classification).toBe('Nodata');
    expect(classify([], [1], { mustHaveData: true }).classification).toBe('NodataFailMetric');
    expect(classify([], [1], { mustHaveData: true, critical: true })).toMatchObject({
      classification: 'Nodata',
      critical: true,
    });
    expect(classify([], [1], { nanStrategy: 'replace' }).classification).toBe('Pass');
    expect(classify([5, 5], [5, 5, 5], {}).classification).toBe('Pass');
    expect(prepare([1, Number.NaN, 3], {})).toEqual([1, 3]);
    expect(prepare([1, Number.NaN, 3], { nanStrategy: 'replace' })).toEqual([1, 0, 3]);
  });

  test('complete separation counts as certain, even of two against two', () => {
    expect(classify([20, 21], [10, 11], {}).classification).toBe('High');
  });

  test('one sample on each side can say nothing', () => {
    expect(classify([20], [10], {}).classification).toBe('Error');
  });

  test('outliers go beyond the wider of the percentiles and three times the quartile range', () => {
    const values = [...range(100, (index) => index), 10_000];
    expect(prepare(values, { outliers: { strategy: 'remove' } })).not.toContain(10_000);
    expect(prepare(values, {})).toContain(10_000);
    expect(percentile([1, 2, 3, 4], 0.25)).toBe(1.75);
  });

  test('the interval of a plain shift', () => {
    const found = shiftInterval(
      noise.map((value) => value + 3),
      noise,
      0.98,
    );
    expect(found?.estimate).toBeCloseTo(3, 2);
    expect(found?.low).toBeLessThan(3);
    expect(found?.high).toBeGreaterThan(3);
    expect(shiftInterval([1, 1], [1, 1], 0.98)).toBe(null);
  });
});

test('scores: groups, weights, critical, missing data', () => {
  const metric = (
    name: string,
    group: string,
    classification: 'Pass' | 'High' | 'Nodata',
    critical = false,
  ) => ({
    name,
    group,
    result: { classification, critical, effect: null },
  });
  expect(scoreOf([metric('a', 'x', 'Pass'), metric('b', 'x', 'High')], {})).toEqual({
    score: 50,
    verdict: 'Fail',
  });
  const two = [metric('a', 'x', 'Pass'), metric('b', 'y', 'High'), metric('c', 'z', 'Pass')];
  expect(scoreOf(two, { groupWeights: { y: 10 } })).toEqual({ score: 90, verdict: 'Marginal' });
  expect(scoreOf(two, {}).score).toBe(66.67);
  expect(scoreOf([metric('a', 'x', 'Pass'), metric('b', 'y', 'High', true)], {}).score).toBe(0);
  expect(scoreOf([metric('a', 'x', 'Pass'), metric('b', 'y', 'Nodata')], {}).score).toBe(0);
});

test('as a judge: one point a minute, compared every five', () => {
  const plan: JudgePlan = {
    judge: 'kayenta',
    intervalMs: 300_000,
    failureThreshold: 1,
    failAt: 'atOnce',
    onNoData: 'wait',
    checks: [
      {
        name: 'errors',
        measure: { kind: 'errorShare' },
        limit: { max: 1 },
        shownUnit: '%',
        shownScale: 1,
        windowMs: 60_000,
        minRequests: 0,
      },
    ],
  };
  const run = (share: number): (string | number)[] => {
    const random = new Random(7);
    let state = kayenta.start(plan);
    const changes: (string | number)[] = [];
    for (let second = 5; second <= 900; second += 5) {
      const canary = { requests: 50, errors: random.binomial(50, share) };
      const stable = { requests: 450, errors: random.binomial(450, 0.05) };
      const input = { samples: [], signals: [], providerError: null, nowMs: second * 1000 };
      const block = { atMs: second * 1000, durationMs: 5_000, canary, stable };
      const next = kayenta.judge(plan, state, { ...input, blocks: [block] });
      state = JSON.parse(JSON.stringify(next.state));
      if (changes.at(-1) !== next.verdict.kind) changes.push(second, next.verdict.kind);
    }
    return changes;
  };
  expect(run(0.05)).toEqual([5, 'notEnoughData', 300, 'pass']);
  expect(run(0.3)).toEqual([5, 'notEnoughData', 300, 'fail']);
});
