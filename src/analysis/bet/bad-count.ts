import type { ArmCounts, LatencyHistogram } from '../block.ts';
import type { BadCount } from './bet-tests.ts';

export interface Counted {
  readonly requests: number;
  readonly bad: number;
}

/**
 * The bad requests of one arm, counted so that they accuse nobody wrongly: where the limit is no bound of the histogram, the
 * neighbour on the far side is taken, since P(X > b⁺) ≤ P(X > T). null: the histogram cannot say.
 */
export function countBad(counts: ArmCounts, bad: BadCount): Counted | null {
  if (bad.kind === 'errors' || bad.kind === 'successes') {
    // A retried attempt is an error of the arm that failed it, also where the request ended elsewhere.
    const requests = Math.max(counts.requests, counts.errors);
    return { requests, bad: bad.kind === 'errors' ? counts.errors : requests - counts.errors };
  }
  const { latency, requests } = counts;
  if (latency === undefined) return null;
  const index = accusingBound(latency.bounds, bad);
  if (index === null) return null;
  const within = latency.cumulative[index] ?? 0;
  return { requests, bad: bad.kind === 'slower' ? requests - within : within };
}

/** Index of the bound that a limit is read at; null: none lies on its far side. */
export function accusingBound(
  bounds: readonly number[],
  bad: { readonly kind: 'slower' | 'faster'; readonly seconds: number },
): number | null {
  const index =
    bad.kind === 'slower'
      ? bounds.findIndex((bound) => bound >= bad.seconds)
      : bounds.findLastIndex((bound) => bound <= bad.seconds);
  return index < 0 ? null : index;
}

/** Index of the bound that a limit is proven at: the limit itself, or the neighbour on the near side; −1: none. */
export function certifyingBound(
  bounds: readonly number[],
  bad: { readonly kind: 'slower' | 'faster'; readonly seconds: number },
): number {
  return bad.kind === 'slower'
    ? bounds.findLastIndex((bound) => bound <= bad.seconds)
    : bounds.findIndex((bound) => bound >= bad.seconds);
}

/** Counts that cannot be: not whole, negative, a histogram that falls or holds more than there was. null: they are sound. */
export function unsound(counts: ArmCounts): string | null {
  if (!isCount(counts.requests) || !isCount(counts.errors)) {
    return `${counts.requests} requests and ${counts.errors} errors are not counts`;
  }
  return counts.latency === undefined ? null : unsoundLatency(counts.latency, counts.requests);
}

function unsoundLatency({ bounds, cumulative }: LatencyHistogram, requests: number): string | null {
  if (bounds.length !== cumulative.length) return 'the histogram has not one count for each bound';
  let previous = 0;
  let lower = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < bounds.length; index += 1) {
    const count = cumulative[index] ?? Number.NaN;
    const bound = bounds[index] ?? Number.NaN;
    if (!isCount(count) || count < previous) return 'the cumulative counts of the histogram fall';
    if (!(bound > lower)) return 'the bounds of the histogram do not rise';
    previous = count;
    lower = bound;
  }
  return previous > requests ? 'the histogram holds more requests than there were' : null;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
