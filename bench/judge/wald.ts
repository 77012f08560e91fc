import { advanceAbsolute, startAbsolute } from '../../src/analysis/bet/absolute-test.ts';
import { blockBets } from '../../src/analysis/bet/forms.ts';
import { evidenceOfProcess } from '../../src/analysis/bet/process.ts';
import { leastRequests } from '../../src/analysis/power.ts';
import { Random } from '../../test/statistics/random.ts';
import { limit } from './grid.ts';

const test = { key: 'errors', bad: { kind: 'errors' }, limit } as const;
const course = { kind: 'rollout', plannedBlocks: 360 } as const;

export interface WaldCell {
  readonly ratio: number;
  readonly perBlock: number;
  /** Mean canary requests until found, less two blocks, over the least that any test needs. */
  readonly overWald: number;
}

/** The absolute test alone, α = 1 %. */
export function waldCells(runs: number): readonly WaldCell[] {
  return [3, 5, 10, 50].flatMap((ratio) =>
    [1, 5, 50].map((perBlock) => {
      const random = new Random(ratio * 1000 + perBlock);
      let total = 0;
      for (let run = 0; run < runs; run += 1) total += requestsUntilFound(ratio * limit, perBlock, random);
      const least = leastRequests(ratio * limit, limit, 0.01);
      return { ratio, perBlock, overWald: Math.max(0, total / runs - 2 * perBlock) / least };
    }),
  );
}

function requestsUntilFound(share: number, perBlock: number, random: Random): number {
  let state = startAbsolute(test);
  const context = { course, form: blockBets, plannedRequests: perBlock };
  for (let blocks = 1; ; blocks += 1) {
    const canary = { requests: perBlock, errors: random.binomial(perBlock, share) };
    state = advanceAbsolute(test, state, { fromMs: 0, canary, stable: null }, context);
    if (evidenceOfProcess(state.canary, course) >= 100) return blocks * perBlock;
  }
}
