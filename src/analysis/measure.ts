import { unreachable } from '../lib/assert.ts';
import type { ArmTotals } from './arm-totals.ts';
import { quantileOf } from './histogram.ts';
import type { CountedMeasure, Limit, Measure } from './judge.ts';

/** `beyond`: the true value is above `value` by an unknown amount (a quantile slower than the highest bound). */
export interface Measured {
  readonly value: number;
  readonly beyond: boolean;
}

/** null: it is no matter of counts. */
export function countedMeasure(measure: Measure): CountedMeasure | null {
  return measure.kind === 'sample' || measure.kind === 'gauge' ? null : measure;
}

/**
 * Value of a measure over counts; null without data. Percentages divide whole numbers once, so a share that is exactly
 * the limit equals the limit's own number.
 */
export function measureTotals(measure: CountedMeasure, totals: ArmTotals | null): Measured | null {
  if (totals === null) return null;
  // A retried attempt is an error of the arm that failed it, also where the request ended elsewhere.
  const attempts = Math.max(totals.requests, totals.errors);
  if (attempts === 0) return null;
  switch (measure.kind) {
    case 'errorShare':
      return { value: (totals.errors * 100) / attempts, beyond: false };
    case 'successShare':
      return { value: ((attempts - totals.errors) * 100) / attempts, beyond: false };
    case 'latencyQuantile': {
      if (totals.latency === null) return null;
      const quantile = quantileOf(totals.latency, totals.latencyRequests, measure.quantile);
      return quantile === null ? null : { value: quantile.seconds, beyond: quantile.overflow };
    }
    default:
      return unreachable(measure);
  }
}

/** Limits are inclusive. NaN is within none. */
export function isWithin(limit: Limit, measured: Measured): boolean {
  const { value, beyond } = measured;
  if (Number.isNaN(value)) return false;
  // Beyond the highest bound nothing proves that any upper limit is kept.
  if (limit.max !== undefined && (beyond || value > limit.max)) return false;
  return limit.min === undefined || value >= limit.min;
}
