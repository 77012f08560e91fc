import { Random } from '../../test/statistics/random.ts';
import { beginMs, blocksOf } from '../../test/statistics/world.ts';
import type { Cell } from './grid.ts';
import { betPlan, type Contender, contender, errorRate, rivals, slowness } from './rivals.ts';

export interface CellResult {
  readonly judge: string;
  readonly runs: number;
  readonly rolledBack: number;
  /** Seconds from the onset to the rollback, of those that were rolled back. */
  readonly seconds: readonly number[];
  /** Canary requests that failed until the rollback, or until the end. */
  readonly failed: readonly number[];
  readonly canaryRequests: readonly number[];
}

interface Outcome {
  readonly seconds: number | null;
  readonly failed: number;
  readonly requests: number;
}

/** All rollouts of a cell; each judge reads the same traces. `rivalRuns`: where they are to be slow and not to be wrong. */
export function runCell(cell: Cell, seed: number, runs: number, rivalRuns: number): readonly CellResult[] {
  const checks =
    cell.checks === 'errors' ? [errorRate] : cell.checks === 'latency' ? [slowness] : [errorRate, slowness];
  const planned = cell.rps * 0.1 * cell.world.blockSeconds;
  const contenders = [contender('bet', betPlan(planned, checks)), ...(cell.compared ? rivals : [])];
  const outcomes: Outcome[][] = contenders.map(() => []);
  for (let run = 0; run < runs; run += 1) {
    const judged = cell.kind === 'bad' && run >= rivalRuns ? contenders.slice(0, 1) : contenders;
    for (const [index, outcome] of follow(cell, judged, seed + run).entries()) outcomes[index]?.push(outcome);
  }
  return contenders.map(({ name }, index) => {
    const own = outcomes[index] ?? [];
    const found = own.flatMap(({ seconds }) => seconds ?? []);
    return {
      judge: name,
      runs: own.length,
      rolledBack: found.length,
      seconds: found,
      failed: own.map(({ failed }) => failed),
      canaryRequests: own.map(({ requests }) => requests),
    };
  });
}

/** One trace, up to the last judge that rolls back. */
function follow(cell: Cell, contenders: readonly Contender[], seed: number): readonly Outcome[] {
  const outcomes: (Outcome | null)[] = contenders.map(() => null);
  const takes = contenders.map((one) => one.start());
  const onsetMs = beginMs + (cell.world.onsetBlock ?? 0) * cell.world.blockSeconds * 1000;
  let failed = 0;
  let requests = 0;
  for (const block of blocksOf(cell.world, new Random(seed))) {
    failed += block.canary?.errors ?? 0;
    requests += block.canary?.requests ?? 0;
    let open = 0;
    for (const [index, take] of takes.entries()) {
      if (outcomes[index] !== null) continue;
      // A rollback before anything was wrong took no time at all.
      if (take(block))
        outcomes[index] = { seconds: Math.max(0, block.atMs - onsetMs) / 1000, failed, requests };
      else open += 1;
    }
    if (open === 0) break;
  }
  return outcomes.map((outcome) => outcome ?? { seconds: null, failed, requests });
}
