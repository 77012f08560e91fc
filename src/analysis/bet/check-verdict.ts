import { isPossibleShare, shareInterval } from '../confidence/share-interval.ts';
import { quantileOf } from '../histogram.ts';
import type { CheckEvidence, CheckPlan, CheckVerdict, VerdictKind } from '../judge.ts';
import { smallestFound } from '../power.ts';
import { accusingBound, certifyingBound } from './bad-count.ts';
import type { BetState, LatencyTotals } from './bet-state.ts';
import type { BetConstants, BetTests, CheckGroup } from './bet-tests.ts';
import type { Evidence } from './combine.ts';
import { describeCheck } from './describe-check.ts';
import { ratiosFor } from './factors.ts';
import { countTests } from './planning.ts';
import { type Counts, type Onset, sinceOf } from './process.ts';

export interface CheckContext {
  readonly tests: BetTests;
  readonly state: BetState;
  readonly constants: BetConstants;
  readonly evidence: Evidence;
  readonly suspectFrom: number;
  readonly logLevel: number;
}

/** The verdict of one statistical check; `groupIndex` −1: nothing about it can be tested. */
export function checkVerdict(check: CheckPlan, groupIndex: number, context: CheckContext): CheckVerdict {
  const { state, tests, evidence } = context;
  const group = tests.groups[groupIndex] ?? null;
  const found = evidence.groups[groupIndex] ?? null;
  const { kind, lacking } = kindAndLack(check, groupIndex, context);
  const onset = onsetOf(group, state);
  const telling = kind === 'fail' || kind === 'suspect';
  const since = telling && onset !== null ? sinceOf(onset) : null;
  const counts = since ?? totalsOf(group, state);
  const { falseRollback } = context.constants;
  const alpha = since === null ? falseRollback : falseRollback / possibleOnsets(group, state);
  const latency = check.measure.kind === 'latencyQuantile' ? state.latency : null;
  const peak = Math.max(0, state.peaks[groupIndex + 1] ?? 0);
  const own: CheckEvidence = {
    peakLogEvidence: peak,
    blamed: state.decidedAtMs !== null && evidence.blamed.has(groupIndex),
    environment: found?.environment ?? false,
    onsetAtMs: telling ? (onset?.[0] ?? null) : null,
    canary: { requests: counts[0], bad: counts[1] },
    stable: { requests: counts[2], bad: counts[3] },
    smallestSeen: smallestSeen(group, context),
  };
  const values = valuesOf(check, counts, latency);
  return {
    name: check.name,
    kind,
    ...values,
    limit: check.limit,
    requests: counts[0],
    errors: check.measure.kind === 'latencyQuantile' ? state.totals[1] : counts[1],
    logEvidence: found?.log ?? null,
    interval: intervalOf(check, counts, latency, alpha),
    message:
      lacking?.message ??
      describeCheck(check, values, own, { group, state, kind, found, placebos: evidence.placebos }),
    evidence: own,
  };
}

/** The kind alone, without what is only for people. */
export function kindOfCheck(check: CheckPlan, groupIndex: number, context: CheckContext): VerdictKind {
  return kindAndLack(check, groupIndex, context).kind;
}

interface Lack {
  readonly kind: VerdictKind;
  readonly message: string;
}

/** What is lacking hides a pass, and not that the check has failed. */
function kindAndLack(
  check: CheckPlan,
  groupIndex: number,
  context: CheckContext,
): { readonly kind: VerdictKind; readonly lacking: Lack | null } {
  const own = kindOf(groupIndex, context);
  if (own === 'fail') return { kind: own, lacking: null };
  const lacking = lackOf(check, context.tests.groups[groupIndex] ?? null, context.state);
  return { kind: lacking?.kind ?? own, lacking };
}

function kindOf(groupIndex: number, { state, evidence, suspectFrom }: CheckContext): VerdictKind {
  const log = evidence.groups[groupIndex]?.log ?? 0;
  const decided = state.decidedAtMs !== null;
  if (decided && evidence.blamed.has(groupIndex)) return 'fail';
  // Jointly: no group alone is reason enough, the strong ones together are.
  if (decided && evidence.blamed.size === 0 && state.gates.decided !== true && log >= suspectFrom)
    return 'fail';
  return log >= suspectFrom ? 'suspect' : 'pass';
}

/** Why the check cannot pass, whatever the evidence is. */
function lackOf(check: CheckPlan, group: CheckGroup | null, state: BetState): Lack | null {
  if (group === null)
    return { kind: 'noData', message: 'no release can break this limit: there is nothing to judge' };
  if (state.problem !== null) return { kind: 'providerError', message: state.problem };
  const requests = state.totals[0];
  if (requests === 0) return { kind: 'noData', message: 'the canary served no request' };
  if (check.measure.kind === 'latencyQuantile') {
    const lack = latencyLack(group, state.latency, check.measure.quantile);
    if (lack !== null) return lack;
  }
  if (requests >= check.minRequests) return null;
  return { kind: 'notEnoughData', message: `${requests} canary requests, ${check.minRequests} needed` };
}

/** A limit between two bounds is accused at the far one and passes only where the near one shows that it is kept. */
function latencyLack({ absolute }: CheckGroup, latency: LatencyTotals | null, quantile: number): Lack | null {
  if (latency === null || latency.requests[0] === 0)
    return { kind: 'noData', message: 'the canary has no latency histogram' };
  const bad = absolute?.bad;
  if (absolute === null || bad === undefined || !('seconds' in bad)) return null;
  const { bounds } = latency;
  const far = accusingBound(bounds, bad);
  const highest = bounds.at(-1) ?? 0;
  if (far === null) {
    const message = `no bound of the histogram reaches ${bad.seconds} s: the highest is ${highest} s`;
    return { kind: 'noData', message };
  }
  if (bounds[far] === bad.seconds) return null;
  const near = certifyingBound(bounds, bad);
  const within = near < 0 ? 0 : (latency.canary[near] ?? 0);
  const share = bad.kind === 'slower' ? 1 - within / latency.requests[0] : within / latency.requests[0];
  if (share <= absolute.limit) return null;
  const between = `p${Number((quantile * 100).toPrecision(6))} may lie on either side of ${bad.seconds} s`;
  const message = `${between}, which is no bound of the histogram: add a bound there`;
  return { kind: 'notEnoughData', message };
}

function onsetOf(group: CheckGroup | null, state: BetState): Onset | null {
  const own = group?.absolute ? (state.absolute[group.absolute.key]?.onset ?? null) : null;
  const shared = group?.share === 'errors' ? (state.errorShare?.onset ?? null) : null;
  if (own === null || shared === null) return own ?? shared;
  return shared[1] > own[1] ? shared : own;
}

/**
 * Counts since an onset that was picked for what follows it: α is shared between all blocks it could have been, α / k(k+1) for the
 * k-th, so the interval still covers with 1 − α. What is returned is that k(k+1), of the last block.
 */
function possibleOnsets(group: CheckGroup | null, state: BetState): number {
  const own = group?.absolute ? state.absolute[group.absolute.key]?.canary : undefined;
  const blocks = Math.max(1, own?.[1] ?? state.errorShare?.process[1] ?? 1);
  return blocks * (blocks + 1);
}

function totalsOf(group: CheckGroup | null, state: BetState): Counts {
  const own = group?.absolute ? state.absolute[group.absolute.key] : undefined;
  if (own !== undefined) return own.totals;
  const latency = state.latency;
  if (group?.share === 'latency' && latency !== null) return [latency.requests[0], 0, latency.requests[1], 0];
  return state.totals;
}

function valuesOf(
  { measure }: CheckPlan,
  [requests, bad, stableRequests, stableBad]: Counts,
  latency: LatencyTotals | null,
): { readonly value: number | null; readonly stableValue: number | null } {
  const percent = (part: number, of: number): number | null => (of === 0 ? null : (part * 100) / of);
  switch (measure.kind) {
    case 'errorShare':
      return { value: percent(bad, requests), stableValue: percent(stableBad, stableRequests) };
    case 'successShare':
      return {
        value: percent(requests - bad, requests),
        stableValue: percent(stableRequests - stableBad, stableRequests),
      };
    case 'latencyQuantile':
      return {
        value: quantileIn(latency, 'canary', measure.quantile),
        stableValue: quantileIn(latency, 'stable', measure.quantile),
      };
    case 'sample':
    case 'gauge':
      return { value: null, stableValue: null };
  }
}

function quantileIn(
  latency: LatencyTotals | null,
  arm: 'canary' | 'stable',
  quantile: number,
): number | null {
  if (latency === null) return null;
  const { bounds } = latency;
  const total = latency.requests[arm === 'canary' ? 0 : 1];
  return quantileOf({ unit: 's', bounds, cumulative: latency[arm] }, total, quantile)?.seconds ?? null;
}

/** For a quantile: from the highest bound that is surely below it to the lowest that is surely not. */
function intervalOf(
  { measure }: CheckPlan,
  [requests, bad]: Counts,
  latency: LatencyTotals | null,
  alpha: number,
): { readonly low: number; readonly high: number } | null {
  if (measure.kind === 'latencyQuantile') {
    if (latency === null || latency.requests[0] === 0) return null;
    const { quantile } = measure;
    const total = latency.requests[0];
    let low = 0;
    for (const [index, bound] of latency.bounds.entries()) {
      const within = latency.canary[index] ?? 0;
      if (isPossibleShare(within, total, quantile, alpha)) continue;
      if (within / total >= quantile) return { low, high: bound };
      low = bound;
    }
    // The largest number stands for infinity, which JSON cannot hold.
    return { low, high: Number.MAX_VALUE };
  }
  if (requests === 0) return null;
  const { low, high } = shareInterval(bad, requests, alpha);
  return measure.kind === 'successShare'
    ? { low: (1 - high) * 100, high: (1 - low) * 100 }
    : { low: low * 100, high: high * 100 };
}

function smallestSeen(group: CheckGroup | null, { state, constants, tests }: CheckContext): number | null {
  if (group === null || group.absolute === null) return null;
  const { limit, key } = group.absolute;
  const settings = {
    limit,
    falseRollback: constants.falseRollback,
    power: 0.9,
    alternatives: ratiosFor(limit).length,
    tests: countTests(tests.groups),
  };
  return smallestFound(state.absolute[key]?.totals[0] ?? 0, settings);
}
