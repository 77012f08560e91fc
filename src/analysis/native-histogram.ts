import type { LatencyHistogram } from './block.ts';

/** A Prometheus native histogram, or an OpenTelemetry exponential one: bucket i counts values in (β^(i−1), β^i], β = 2^(2^−schema). */
export interface NativeHistogram {
  /** −4 to 8; −53 (custom bounds) is a classic histogram and comes as one. */
  readonly schema: number;
  /** Values of at most this much are in `zeroCount`. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  /** Index and count, rising; what is missing is empty. */
  readonly buckets: readonly (readonly [index: number, count: number])[];
}

/** The same counts as a cumulative histogram: exact at every bound. Bounds of empty buckets are left out. */
export function toClassic({ schema, zeroThreshold, zeroCount, buckets }: NativeHistogram): LatencyHistogram {
  const bounds: number[] = [];
  const cumulative: number[] = [];
  let within = zeroCount;
  if (zeroThreshold > 0) {
    bounds.push(zeroThreshold);
    cumulative.push(within);
  }
  for (const [index, count] of buckets) {
    within += count;
    const bound = 2 ** (index / 2 ** schema);
    // A bucket that the zero bucket has grown over.
    if (bound <= zeroThreshold) cumulative[0] = within;
    else {
      bounds.push(bound);
      cumulative.push(within);
    }
  }
  return { unit: 's', bounds, cumulative };
}

/** One schema lower, so half as fine: pairs of buckets become one. */
export function coarser(histogram: NativeHistogram): NativeHistogram {
  const merged = new Map<number, number>();
  for (const [index, count] of histogram.buckets) {
    const pair = Math.ceil(index / 2);
    merged.set(pair, (merged.get(pair) ?? 0) + count);
  }
  return { ...histogram, schema: histogram.schema - 1, buckets: [...merged] };
}
