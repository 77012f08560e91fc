const firstMs = 1_000;
const longestMs = 5 * 60_000;
const resetAfterMs = 10 * 60_000;

/** A process that keeps ending is started again ever later, as kubelet does (which starts at 10 s). */
export interface Backoff {
  /** Ends in a row, none of which came after ten minutes of running. */
  readonly ends: number;
  readonly delayMs: number;
}

export const noBackoff: Backoff = { ends: 0, delayMs: 0 };

/** After one more end: 1 s, doubled each time, at most 5 min; counted anew after ten minutes of running. */
export function nextBackoff(previous: Backoff, ranMs: number): Backoff {
  const ends = ranMs >= resetAfterMs ? 1 : previous.ends + 1;
  return { ends, delayMs: Math.min(firstMs * 2 ** (ends - 1), longestMs) };
}
