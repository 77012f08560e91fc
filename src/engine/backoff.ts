/** Waits between tries: `baseMs` doubling to `limitMs`, with up to a quarter taken off at random so that crowds spread. */
export interface Backoff {
  readonly baseMs: number;
  readonly limitMs: number;
}

/** `tries` is how many failed so far (1 after the first); `random` is 0 ≤ x < 1. Whole milliseconds, at least 1. */
export function backoffMs(backoff: Backoff, tries: number, random: number): number {
  const full = Math.min(backoff.limitMs, backoff.baseMs * 2 ** Math.min(tries - 1, 40));
  return Math.max(1, Math.round(full * (1 - random / 4)));
}
