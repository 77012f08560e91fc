import { describe, expect, test } from 'vitest';
import { Random } from '../../../test/statistics/random.ts';
import type { JudgePlan } from '../judge.ts';
import { leastRequests } from '../power.ts';
import { type AbsoluteState, advanceAbsolute, startAbsolute } from './absolute-test.ts';
import { bet } from './bet.ts';
import { blockBets } from './forms.ts';
import { evidenceOfProcess } from './process.ts';

const limit = 0.001;
const absolute = { key: 'errors', bad: { kind: 'errors' }, limit } as const;
const course = { kind: 'rollout', plannedBlocks: 360 } as const;

const plan: JudgePlan = {
  judge: 'bet',
  bet: { plannedBlocks: 360, plannedRequests: 50 },
  intervalMs: 10_000,
  failureThreshold: 2,
  failAt: 'atOnce',
  onNoData: 'wait',
  checks: [
    {
      name: 'error-rate',
      measure: { kind: 'errorShare' },
      limit: { max: limit * 100 },
      shownUnit: '%',
      shownScale: 1,
      windowMs: 60_000,
      minRequests: 0,
    },
  ],
};

/** Canary requests until the absolute test alone, at α = 1 %, rolls a release of that error rate back. */
function requestsUntilFound(share: number, perBlock: number, random: Random): number {
  let state: AbsoluteState = startAbsolute(absolute);
  const context = { course, form: blockBets, plannedRequests: perBlock };
  for (let blocks = 1; ; blocks += 1) {
    const canary = { requests: perBlock, errors: random.binomial(perBlock, share) };
    state = advanceAbsolute(absolute, state, { fromMs: 0, canary, stable: null }, context);
    if (evidenceOfProcess(state.canary, course) >= 100) return blocks * perBlock;
  }
}

describe('bad releases are found with at most twice the requests that any test needs, and two blocks', () => {
  for (const ratio of [3, 5, 10, 50]) {
    for (const perBlock of [1, 5, 50]) {
      test(`${ratio} times the limit, ${perBlock} requests a block`, () => {
        const runs = ratio === 3 ? 100 : 300;
        const random = new Random(ratio * 100 + perBlock);
        let total = 0;
        for (let run = 0; run < runs; run += 1) total += requestsUntilFound(ratio * limit, perBlock, random);
        expect(total / runs).toBeLessThanOrEqual(
          2 * leastRequests(ratio * limit, limit, 0.01) + 2 * perBlock,
        );
      });
    }
  }

  test('where half of all requests or more fail, two blocks are enough: 2,000 of 2,000, absolute and compared', () => {
    const random = new Random(1);
    for (const share of [0.5, 0.8, 1]) {
      for (let run = 0; run < 2_000; run += 1)
        expect(requestsUntilFound(share, 50, random)).toBeLessThanOrEqual(100);
    }
    for (let run = 0; run < 2_000; run += 1) {
      const blocks = [1, 2].map((index) => ({
        atMs: index * 5_000,
        durationMs: 5_000,
        canary: { requests: 50, errors: random.binomial(50, 0.5) },
        stable: { requests: 450, errors: random.binomial(450, limit) },
      }));
      const input = { blocks, samples: [], signals: [], providerError: null, nowMs: 10_000 };
      expect(bet.judge(plan, bet.start(plan), input).verdict.kind).toBe('fail');
    }
  });
});
