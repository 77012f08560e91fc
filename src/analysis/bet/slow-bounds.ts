import type { LatencyHistogram } from '../block.ts';

/** A bound that arms are compared at, with its part of the evidence. */
export type SlowBound = { readonly seconds: number; readonly weight: number };

/** Most bounds that are compared; a fine histogram is thinned. */
const mostBounds = 12;
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
): readonly SlowBound[] {
  const requests = canaryRequests + stableRequests;
  const shares = canary.bounds.flatMap((seconds, index) => {
    const other = stable.bounds.indexOf(seconds);
    if (other < 0) return [];
    const within = (canary.cumulative[index] ?? 0) + (stable.cumulative[other] ?? 0);
    return [{ seconds, slow: 1 - within / requests }];
  });
  const likely = shares.filter(({ slow }) => slow >= 0.005 && slow <= 0.6);
  const others = shares.filter((bound) => !likely.includes(bound));
  const kept = [
    ...thin(likely, mostBounds - 4).map(({ seconds }) => ({ seconds, weight: 1 })),
    ...thin(others, mostBounds - Math.min(likely.length, mostBounds - 4)).map(({ seconds }) => ({
      seconds,
      weight: unlikelyWeight,
    })),
  ].toSorted((a, b) => a.seconds - b.seconds);
  const total = kept.reduce((sum, { weight }) => sum + weight, 0);
  return kept.map(({ seconds, weight }) => ({ seconds, weight: roundDown(weight / total) }));
}

/** Weights may sum to less than 1, never to more. */
function roundDown(weight: number): number {
  return Math.floor(weight * 1e4) / 1e4;
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
