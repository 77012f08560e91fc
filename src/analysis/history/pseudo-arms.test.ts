import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ArmCounts, Block } from '../block.ts';
import { unsound } from '../bet/bad-count.ts';
import { sumCounts } from './history.ts';
import { pseudoArms, splitCounts } from './pseudo-arms.ts';
import { seededUniform } from './seeded-random.ts';
import { historyOf, shortCourse } from '../../../test/statistics/histories.ts';

const podHistory = historyOf({
  seed: 1,
  rollouts: 1,
  errors: [0.01, 0.01, 0.01, 0.01, 0.01],
  requestsPerBlock: 500,
  slow: 0.02,
});

function podsOf(arm: ArmCounts | undefined): readonly string[] {
  return Object.keys(arm?.pods ?? {}).toSorted();
}

describe('by pods', () => {
  const arms = pseudoArms(podHistory.blocks, shortCourse, seededUniform(3));
  const blocks: readonly Block[] = arms.kind === 'pods' ? arms.blocks : [];

  test('as many as the canary has at each step, in one order, and all others stable', () => {
    expect(blocks.map(({ canary }) => podsOf(canary).length)).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    expect(podsOf(blocks[11]?.canary)).toEqual(expect.arrayContaining([...podsOf(blocks[0]?.canary)]));
    for (const { canary, stable } of blocks)
      expect([...podsOf(canary), ...podsOf(stable)].toSorted()).toEqual([
        'pod-0',
        'pod-1',
        'pod-2',
        'pod-3',
        'pod-4',
      ]);
  });

  test('nothing is lost', () => {
    for (const [index, { canary, stable }] of blocks.entries()) {
      const all = sumCounts((podHistory.blocks[index]?.pods ?? []).map(({ counts }) => counts));
      expect(sumCounts([canary, stable].filter((arm) => arm !== undefined))).toEqual(all);
    }
  });

  test('at 100 % one pod is still stable', () => {
    const whole = pseudoArms(podHistory.blocks, { steps: [{ holdMs: 1, share: 1 }] }, seededUniform(3));
    expect(whole.kind === 'pods' && podsOf(whole.blocks[0]?.stable).length).toBe(1);
  });

  test('another seed chooses others, the same seed the same', () => {
    const chosen = (seed: number): readonly string[] => {
      const other = pseudoArms(podHistory.blocks, shortCourse, seededUniform(seed));
      return other.kind === 'pods' ? podsOf(other.blocks[0]?.canary) : [];
    };
    expect(new Set([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => chosen(seed)[0])).size).toBeGreaterThan(2);
    expect(chosen(4)).toEqual(chosen(4));
  });
});

test('where pods are not told apart: the whole for the limits, a split for the comparison', () => {
  const { blocks } = historyOf({ seed: 1, rollouts: 1, errors: [0.01], requestsPerBlock: 1000 });
  const arms = pseudoArms(blocks, shortCourse, seededUniform(3));
  expect(arms.kind).toBe('split');
  if (arms.kind !== 'split') return;
  expect(arms.whole.map(({ canary }) => canary)).toEqual(blocks.map(({ pods }) => pods[0]?.counts));
  expect(arms.whole.every(({ stable }) => stable === undefined)).toBe(true);
  const shares = arms.split.map(
    ({ canary, stable }) => (canary?.requests ?? 0) / ((canary?.requests ?? 0) + (stable?.requests ?? 0)),
  );
  expect(shares.map((share) => Number(share.toFixed(2)))).toEqual(
    [0.1, 0.25, 0.5].flatMap((share) => [share, share, share, share]),
  );
});

test('a split adds up to the whole, and each part is sound', () => {
  const counts = fc
    .array(fc.nat(300), { minLength: 2, maxLength: 6 })
    .chain((bins) => fc.record({ bins: fc.constant(bins), errors: fc.nat(bins.reduce((a, b) => a + b, 0)) }));
  fc.assert(
    fc.property(
      counts,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      ({ bins, errors }, share, seed) => {
        const requests = bins.reduce((a, b) => a + b, 0);
        let sum = 0;
        const cumulative = bins.slice(0, -1).map((bin) => (sum += bin));
        const latency = { unit: 's', bounds: cumulative.map((_, index) => index + 1), cumulative } as const;
        const whole = { requests, errors, latency };
        const parts = splitCounts(whole, share, seededUniform(seed));
        expect(sumCounts(parts)).toEqual(whole);
        for (const part of parts) expect(unsound(part)).toBeNull();
        for (const part of parts) expect(part.errors).toBeLessThanOrEqual(part.requests);
      },
    ),
  );
});
