import { parentPort } from 'node:worker_threads';
import type { Cell } from './grid.ts';
import { runCell } from './run-cell.ts';

export interface Job {
  readonly index: number;
  readonly cell: Cell;
  readonly seed: number;
  readonly runs: number;
  readonly rivalRuns: number;
}

parentPort?.on('message', (job: Job) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage({
    index: job.index,
    results: runCell(job.cell, job.seed, job.runs, job.rivalRuns),
  });
});
