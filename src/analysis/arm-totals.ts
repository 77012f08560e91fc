import type { ArmCounts, LatencyHistogram } from './block.ts';
import { mergeHistograms } from './histogram.ts';

/**
 * Sum of an arm's counts over several blocks. A block may lack its latency, so the requests behind the histogram are
 * counted apart: otherwise the missing ones would look slower than every bound.
 */
export interface ArmTotals {
  readonly requests: number;
  readonly errors: number;
  readonly latency: LatencyHistogram | null;
  readonly latencyRequests: number;
}

export function addToTotals(totals: ArmTotals | null, counts: ArmCounts): ArmTotals {
  return sumTotals(totals, {
    requests: counts.requests,
    errors: counts.errors,
    latency: counts.latency ?? null,
    latencyRequests: counts.latency === undefined ? 0 : counts.requests,
  });
}

/** Where the bounds of the two have nothing in common, the later histogram holds: it has the bounds in use. */
export function sumTotals(earlier: ArmTotals | null, later: ArmTotals): ArmTotals {
  if (earlier === null) return later;
  const requests = earlier.requests + later.requests;
  const errors = earlier.errors + later.errors;
  if (later.latency === null) {
    return { requests, errors, latency: earlier.latency, latencyRequests: earlier.latencyRequests };
  }
  const merged = earlier.latency === null ? null : mergeHistograms(earlier.latency, later.latency);
  if (merged === null)
    return { requests, errors, latency: later.latency, latencyRequests: later.latencyRequests };
  return {
    requests,
    errors,
    latency: merged,
    latencyRequests: earlier.latencyRequests + later.latencyRequests,
  };
}
