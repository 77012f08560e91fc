import type { Block } from '../block.ts';
import type { TraceFinding } from './trace-reader.ts';

/** Shorter than this nothing is a jump, and neither is what is not so many times longer than the blocks of the trace are. */
const leastJumpMs = 10 * 60_000;
const leastTimes = 50;
/** A long block has as many requests a second as the others; time that no block covers, or that never was, has none. */
const leastTraffic = 0.1;

/**
 * Blocks that say to be far longer than the others but hold no more requests: time is missing, or the clock jumped. What is missing
 * could have been the failure.
 */
export function jumpFindings(
  blocks: readonly Block[],
  lineOf: (index: number) => number | null,
): readonly TraceFinding[] {
  const suspects = blocks.flatMap((block, index) => (block.durationMs >= leastJumpMs ? [index] : []));
  if (suspects.length === 0) return [];
  const usualMs = medianOf(blocks.map(({ durationMs }) => durationMs));
  const usualRate = medianOf(blocks.map(rateOf));
  return suspects.flatMap((index): readonly TraceFinding[] => {
    const block = blocks[index];
    if (block === undefined || block.durationMs < usualMs * leastTimes) return [];
    if (rateOf(block) >= usualRate * leastTraffic) return [];
    const message =
      `no block covers the ${minutes(block.durationMs)} before this one, where blocks are of ${usualMs / 1000} s: ` +
      'blocks are missing, or the clock jumped';
    return [{ line: lineOf(index), severity: 'error', message }];
  });
}

function rateOf({ canary, stable, durationMs }: Block): number {
  return ((canary?.requests ?? 0) + (stable?.requests ?? 0)) / durationMs;
}

/** Of no numbers: 0. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function minutes(durationMs: number): string {
  return `${Math.round(durationMs / 60_000)} minutes`;
}
