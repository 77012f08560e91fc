import { assert } from '../lib/assert.ts';
import type { LatencyHistogram } from './block.ts';

/** `overflow`: the quantile is slower than the highest bound, so `seconds` is that bound and a lower limit only. */
export interface Quantile {
  readonly seconds: number;
  readonly overflow: boolean;
}

/**
 * Adds two histograms. Where their bounds differ, only the bounds that both have stay: a cumulative count is exact at
 * its own bound, so nothing is guessed. null: they have no bound in common.
 */
export function mergeHistograms(a: LatencyHistogram, b: LatencyHistogram): LatencyHistogram | null {
  const bounds: number[] = [];
  const cumulative: number[] = [];
  const countsOfB = new Map(b.bounds.map((bound, index) => [bound, b.cumulative[index] ?? 0]));
  a.bounds.forEach((bound, index) => {
    const count = countsOfB.get(bound);
    if (count === undefined) return;
    bounds.push(bound);
    cumulative.push((a.cumulative[index] ?? 0) + count);
  });
  return bounds.length === 0 ? null : { unit: 's', bounds, cumulative };
}

/** Whether the counts can be a cumulative histogram of `total` requests; scrapes across a restart can break this. */
export function isMonotonic(cumulative: readonly number[], total: number): boolean {
  let previous = 0;
  for (const count of cumulative) {
    if (!(count >= previous)) return false;
    previous = count;
  }
  return previous <= total;
}

/**
 * The quantile by linear interpolation within its bucket, by the rules of Prometheus' `histogram_quantile`: the first
 * bucket starts at 0, and a quantile above the highest bound is that bound (here with `overflow`, so that it cannot pass
 * for a value within a limit). null without requests. `quantile` is 0 to 1, `total` the requests behind the histogram.
 * https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 */
export function quantileOf(histogram: LatencyHistogram, total: number, quantile: number): Quantile | null {
  assert(quantile >= 0 && quantile <= 1, 'a quantile is between 0 and 1');
  if (total <= 0 || histogram.bounds.length === 0) return null;
  const rank = quantile * total;
  const index = histogram.cumulative.findIndex((count) => count >= rank);
  if (index < 0) return { seconds: histogram.bounds.at(-1) ?? 0, overflow: true };
  const upper = histogram.bounds[index] ?? 0;
  const before = index === 0 ? 0 : (histogram.cumulative[index - 1] ?? 0);
  const inBucket = (histogram.cumulative[index] ?? 0) - before;
  if (index === 0 && upper <= 0) return { seconds: upper, overflow: false };
  const lower = index === 0 ? 0 : (histogram.bounds[index - 1] ?? 0);
  if (inBucket === 0) return { seconds: lower, overflow: false };
  const seconds = Math.min(upper, lower + (upper - lower) * ((rank - before) / inBucket));
  return { seconds, overflow: false };
}

/** Requests slower than `boundSeconds`, which must be one of the bounds; null where it is not. */
export function slowerThan(histogram: LatencyHistogram, total: number, boundSeconds: number): number | null {
  const index = histogram.bounds.indexOf(boundSeconds);
  return index < 0 ? null : total - (histogram.cumulative[index] ?? 0);
}

/** Share of requests slower than `boundSeconds`, 0 to 1; null where it is not a bound or nothing was served. */
export function slowShare(histogram: LatencyHistogram, total: number, boundSeconds: number): number | null {
  const slow = slowerThan(histogram, total, boundSeconds);
  return slow === null || total <= 0 ? null : slow / total;
}
