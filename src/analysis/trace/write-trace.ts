import type { ArmCounts, Block } from '../block.ts';

/** One line of a trace as JSON holds it. */
export interface WrittenBlock {
  readonly at: string;
  /** Where the block does not begin at the end of the one before it. */
  readonly from?: string;
  readonly canary?: ArmCounts;
  readonly stable?: ArmCounts;
}

/** Ends and lengths are recorded in whole milliseconds, each rounded by itself. */
const roundingMs = 1;

/** Blocks as the lines of a trace, which `readTrace` reads back: with the same counts, ends and lengths. */
export function writeTrace(blocks: readonly Block[]): readonly WrittenBlock[] {
  return blocks.map(({ atMs, durationMs, canary, stable }, index) => {
    const fromMs = atMs - durationMs;
    const lastMs = blocks[index - 1]?.atMs ?? Number.NEGATIVE_INFINITY;
    return {
      at: isoOf(atMs),
      ...(fromMs > lastMs + roundingMs && durationMs > 0 && { from: isoOf(fromMs) }),
      ...(canary !== undefined && { canary: withAttempts(canary) }),
      ...(stable !== undefined && { stable: withAttempts(stable) }),
    };
  });
}

/** A retried attempt is an error of the arm that failed it, also where the request ended elsewhere. */
function withAttempts(counts: ArmCounts): ArmCounts {
  return { ...counts, requests: Math.max(counts.requests, counts.errors) };
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
