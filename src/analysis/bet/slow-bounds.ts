import type { LatencyHistogram } from '../block.ts';

/** Bounds that arms are compared at, by how likely a regression shows there. Rising, seconds. */
export type SlowBounds = readonly [likely: readonly number[], others: readonly number[]];

/** Most bounds that are compared; a fine histogram is thinned. */
const mostBounds = 8;
/** A bound that nearly all or hardly any requests exceed is unlikely to be where a regression shows. */
const unlikelyWeight = 0.1;

/**
 * Picks bounds from what **both arms together** took in the first block. Given the pooled latencies, which of them are the
 * canary's is still open, so a choice that depends on them alone changes nothing about the evidence of that block.
 */
export function chooseBounds(
  canary: LatencyHistogram,
  canaryRequests: number,
  stable: LatencyHistogram,
  stableRequests: number,
): SlowBounds {
  const requests = canaryRequests + stableRequests;
  const likely: number[] = [];
  const others: number[] = [];
  for (const [index, seconds] of canary.bounds.entries()) {
    const other = stable.bounds.indexOf(seconds);
    if (other < 0) continue;
    const slow = 1 - ((canary.cumulative[index] ?? 0) + (stable.cumulative[other] ?? 0)) / requests;
    (slow >= 0.005 && slow <= 0.6 ? likely : others).push(seconds);
  }
  const kept = thin(likely, mostBounds - 2);
  return [kept, thin(others, mostBounds - kept.length)];
}

/** Part of each bound in the evidence; together they are 1. */
export function weightsOf([likely, others]: SlowBounds): readonly number[] {
  const unit = 1 / (likely.length + others.length * unlikelyWeight);
  return [...likely.map(() => unit), ...others.map(() => unit * unlikelyWeight)];
}

function thin<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from(
    { length: most },
    (_, at) => items[Math.floor(((at + 0.5) * items.length) / most)],
  ).filter((item) => item !== undefined);
}

/** Requests above a bound; null where the histogram has no such bound. */
export function slowAt(histogram: LatencyHistogram, requests: number, seconds: number): number | null {
  const index = histogram.bounds.indexOf(seconds);
  return index < 0 ? null : requests - (histogram.cumulative[index] ?? 0);
}

/**
 * Requests of stable that stand against the canary's above `seconds` if the canary may be `slowdown` times slower: above the largest
 * bound of at most seconds ÷ slowdown. P(X_c > b) ≤ P(X_s > b ÷ f) ≤ P(X_s > that bound), so the evidence stays valid.
 */
export function slowOfStable(
  histogram: LatencyHistogram,
  requests: number,
  seconds: number,
  slowdown: number,
): number | null {
  if (slowdown <= 1) return slowAt(histogram, requests, seconds);
  const index = histogram.bounds.findLastIndex((bound) => bound <= seconds / slowdown);
  return index < 0 ? requests : requests - (histogram.cumulative[index] ?? 0);
}
