import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binomialLaw } from '../../../test/statistics/laws.ts';
import { type AbsoluteState, advanceAbsolute, startAbsolute } from './absolute-test.ts';
import { absoluteFactors, absoluteRatios } from './factors.ts';
import { blockBets } from './forms.ts';
import { onsetPrior, spentPrior } from './onset-mixture.ts';
import { packSums, unpackSums } from './packed-sums.ts';
import { advanceProcess, evidenceOfProcess, startProcess } from './process.ts';

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

test('merged blocks are as valid, but they are not the same evidence', () => {
  const evidenceOf = (blocks: readonly (readonly [requests: number, errors: number])[]): number => {
    const course = { kind: 'rollout', plannedBlocks: 3 } as const;
    const context = { course, form: blockBets, plannedRequests: 20 };
    let state = startAbsolute(absolute(0.01));
    for (const [requests, errors] of blocks)
      state = advanceAbsolute(
        absolute(0.01),
        state,
        { fromMs: 0, canary: { requests, errors }, stable: null },
        context,
      );
    return evidenceOfProcess(state.canary, course);
  };
  const apart = evidenceOf([
    [10, 1],
    [30, 0],
  ]);
  const merged = evidenceOf([[40, 1]]);
  expect(Math.abs(apart / merged - 1)).toBeGreaterThan(0.01);
});

function absolute(limit: number): Parameters<typeof startAbsolute>[0] {
  return { key: '', bad: { kind: 'errors' }, limit };
}

/** Σ P(all counts) · E at the end, over all outcomes of blocks of these lengths; what is expected of a block comes from those before. */
function meanEvidence(lengths: readonly number[], limit: number, p: number): number {
  const test = absolute(limit);
  const course = { kind: 'rollout', plannedBlocks: 3 } as const;
  const context = { course, form: blockBets, plannedRequests: 2 };
  const walk = (state: AbsoluteState, index: number): number => {
    const n = lengths[index];
    if (n === undefined) return evidenceOfProcess(state.canary, course);
    let mean = 0;
    for (const [x, probability] of binomialLaw(n, p).entries()) {
      const canary = { requests: n, errors: x };
      const next = advanceAbsolute(test, state, { fromMs: 0, canary, stable: null }, context);
      mean += probability * walk(next, index + 1);
    }
    return mean;
  };
  return walk(startAbsolute(test), 0);
}

test('the prior of an onset is never negative, adds up to what is spent, and is never spent in full', () => {
  for (const planned of [1, 60, 360]) {
    let sum = 0;
    for (let block = 0; block < 5_000; block += 1) {
      expect(onsetPrior(block, planned)).toBeGreaterThanOrEqual(0);
      sum += onsetPrior(block, planned);
      expect(sum).toBeCloseTo(spentPrior(block + 1, planned), 12);
    }
    expect(sum).toBeLessThan(1);
  }
});

test('the detector of the bake: its mean rises by at most one a block, so one false alarm takes A blocks or more', () => {
  const course = { kind: 'bake' } as const;
  const walk = (process: ReturnType<typeof startProcess>, blocks: number): number => {
    if (blocks === 0) return evidenceOfProcess(process, course);
    let mean = 0;
    for (const [bad, probability] of binomialLaw(3, 0.25).entries()) {
      const factors = absoluteFactors({ requests: 3, bad }, 0.25, absoluteRatios, 3);
      mean += probability * walk(advanceProcess(process, factors, course).process, blocks - 1);
    }
    return mean;
  };
  for (const blocks of [1, 2, 4]) {
    const mean = walk(startProcess(absoluteRatios.length), blocks);
    expect(mean).toBeLessThanOrEqual(blocks * (1 + 1e-12));
    expect(mean).toBeGreaterThan(blocks * 0.999);
  }
});

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
