import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Cell } from './grid.ts';
import type { CellResult } from './run-cell.ts';
import type { Job } from './worker.ts';

/** All cells, spread over the cores; results in the order of the cells. Seeds depend on the cell alone. */
export async function runAll(
  cells: readonly Cell[],
  runs: number,
  rivalRuns: number,
): Promise<readonly (readonly CellResult[])[]> {
  const jobs: Job[] = cells.map((cell, index) => ({
    index,
    cell,
    seed: 1 + index * 100_003,
    runs,
    rivalRuns,
  }));
  // The long ones first, so that the cores end together.
  const queue = jobs.toSorted((a, b) => Number(a.cell.kind === 'bad') - Number(b.cell.kind === 'bad'));
  const results: (readonly CellResult[])[] = cells.map(() => []);
  const size = Math.max(1, Math.min(4, availableParallelism()));
  await Promise.all(
    Array.from({ length: size }, async () => {
      const worker = new Worker(new URL('worker.ts', import.meta.url));
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
        const answer = Promise.withResolvers<{ index: number; results: readonly CellResult[] }>();
        worker.once('message', answer.resolve);
        worker.once('error', answer.reject);
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(job);
        const { index, results: found } = await answer.promise;
        worker.removeListener('error', answer.reject);
        results[index] = found;
      }
      await worker.terminate();
    }),
  );
  return results;
}
