import type { Block } from '../../src/analysis/block.ts';
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

/** All rollouts of a cell; each judge reads the same traces. */
export function runCell(cell: Cell, seed: number, runs: number, rivalRuns: number): readonly CellResult[] {
  const checks =
    cell.checks === 'errors' ? [errorRate] : cell.checks === 'latency' ? [slowness] : [errorRate, slowness];
  const planned = cell.rps * 0.1 * cell.world.blockSeconds;
  const bet = contender('bet', betPlan(planned, checks));
  const contenders = [bet, ...(cell.compared ? rivals : [])];
  return contenders.map((one) => {
    const count = one === bet ? runs : Math.min(runs, rivalRuns);
    const outcomes = Array.from({ length: count }, (_, run) => follow(cell, one, seed + run));
    const found = outcomes.filter(({ seconds }) => seconds !== null);
    return {
      judge: one.name,
      runs: count,
      rolledBack: found.length,
      seconds: found.map(({ seconds }) => seconds ?? 0),
      failed: outcomes.map(({ failed }) => failed),
      canaryRequests: outcomes.map(({ requests }) => requests),
    };
  });
}

function follow(
  cell: Cell,
  judge: Contender,
  seed: number,
): { readonly seconds: number | null; readonly failed: number; readonly requests: number } {
  const take = judge.start();
  let failed = 0;
  let requests = 0;
  const onsetMs = beginMs + (cell.world.onsetBlock ?? 0) * cell.world.blockSeconds * 1000;
  for (const block of blocksOf(cell.world, new Random(seed))) {
    failed += failedIn(block);
    requests += block.canary?.requests ?? 0;
    // A rollback before anything was wrong is a false one, and no find.
    if (take(block)) return { seconds: Math.max(0, block.atMs - onsetMs) / 1000, failed, requests };
  }
  return { seconds: null, failed, requests };
}

function failedIn({ canary }: Block): number {
  return canary?.errors ?? 0;
}
