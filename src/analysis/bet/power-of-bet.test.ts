import { describe, expect, test } from 'vitest';
import { Random } from '../../../test/statistics/random.ts';
import { leastRequests } from '../power.ts';
import { type AbsoluteState, advanceAbsolute, startAbsolute } from './absolute-test.ts';
import { blockBets } from './forms.ts';
import { evidenceOfProcess } from './process.ts';

const limit = 0.001;
const absolute = { key: 'errors', bad: { kind: 'errors' }, limit } as const;
const course = { kind: 'rollout', plannedBlocks: 360 } as const;

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

  test('where half of all requests or more fail, two blocks are enough', () => {
    for (const share of [0.5, 0.8, 1])
      expect(requestsUntilFound(share, 50, new Random(1))).toBeLessThanOrEqual(100);
  });
});
