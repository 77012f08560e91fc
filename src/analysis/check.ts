import { formatDuration } from '../lib/duration.ts';
import type { ArmTotals } from './arm-totals.ts';
import type { CheckPlan, CheckVerdict, Limit, VerdictKind } from './judge.ts';
import { countedMeasure, isWithin, type Measured, measureTotals } from './measure.ts';
import { showLimit, showValue } from './shown-value.ts';

/** What is known of a `sample` check at an evaluation; null: no reading within reach. */
export type SampleReading =
  | { readonly kind: 'value'; readonly value: number | null }
  | { readonly kind: 'error'; readonly message: string }
  | null;

export interface CheckData {
  readonly canary: ArmTotals | null;
  readonly stable: ArmTotals | null;
  readonly sample: SampleReading;
}

/** Judges one check against its limit. Without data, or with less than the plan asks, it is never a pass. */
export function judgeCheck(check: CheckPlan, data: CheckData): CheckVerdict {
  const counted = countedMeasure(check.measure);
  const counts = { requests: data.canary?.requests ?? 0, errors: data.canary?.errors ?? 0 };
  const verdict = (
    kind: VerdictKind,
    value: number | null,
    stableValue: number | null,
    message: string,
  ): CheckVerdict => ({
    name: check.name,
    kind,
    value,
    stableValue,
    limit: check.limit,
    ...(counted === null ? { requests: value === null ? 0 : 1, errors: 0 } : counts),
    logEvidence: null,
    interval: null,
    message,
  });
  if (counted === null) {
    if (data.sample?.kind === 'error') return verdict('providerError', null, null, data.sample.message);
    const value = data.sample?.value ?? null;
    if (value === null || Number.isNaN(value))
      return verdict('noData', null, null, 'the query gave no value');
    return judged({ value, beyond: false }, null);
  }
  const canary = measureTotals(counted, data.canary);
  const stable = measureTotals(counted, data.stable);
  const windowText = `in the last ${formatDuration(check.windowMs)}`;
  if (canary === null) {
    const missing =
      counts.requests === 0 ? 'the canary served no request' : 'the canary has no latency histogram';
    return verdict('noData', null, stable?.value ?? null, `${missing} ${windowText}`);
  }
  if (counts.requests < check.minRequests) {
    const text = `${counts.requests} canary requests ${windowText}, ${check.minRequests} needed`;
    return verdict('notEnoughData', canary.value, stable?.value ?? null, text);
  }
  return judged(canary, stable);

  function judged(value: Measured, stableValue: Measured | null): CheckVerdict {
    const passed = isWithin(check.limit, value);
    return verdict(
      passed ? 'pass' : 'fail',
      value.value,
      stableValue?.value ?? null,
      describe(check, value, stableValue, counts),
    );
  }
}

function describe(
  check: CheckPlan,
  value: Measured,
  stable: Measured | null,
  counts: { readonly requests: number; readonly errors: number },
): string {
  const shown = { unit: check.shownUnit, scale: check.shownScale };
  const show = (measured: Measured, limit: Limit): string =>
    `${measured.beyond ? 'above ' : ''}${showValue(measured.value, limit, shown)}`;
  const parts = [`${show(value, check.limit)}, allowed ${showLimit(check.limit, shown)}`];
  if (check.measure.kind === 'latencyQuantile') parts.push(`${counts.requests} requests`);
  else if (countedMeasure(check.measure) !== null)
    parts.push(`${counts.errors} of ${counts.requests} requests failed`);
  if (stable !== null) parts.push(`stable ${show(stable, {})}`);
  return parts.join('; ');
}
