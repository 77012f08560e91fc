import { formatDuration } from '../../lib/duration.ts';
import type { CheckPlan, CheckVerdict, JudgePlan } from '../judge.ts';
import { isWithin } from '../measure.ts';
import { compareGauges, type GaugeComparison } from '../ranks/gauge.ts';
import { showLimit, showValue } from '../shown-value.ts';
import { type ArmMeans, currentMeans } from './unit-means.ts';

export interface GaugeFacts {
  readonly means: ArmMeans;
  /** Newest instant that was heard of. */
  readonly atMs: number;
  readonly baking: boolean;
}

/** A pod that was not read for so long is gone: two readings may fail. */
export function forgetMsOf(plan: JudgePlan, check: CheckPlan): number {
  return Math.max(check.windowMs, 2 * plan.intervalMs);
}

/**
 * The verdict on a gauge: `pass`, with a `warning` where a person should look; `suspect` for a critical one whose difference is shown
 * and large, or that breaks its own limit while stable keeps it; `notEnoughData` where there is nothing to say. Never `fail`, and only
 * `suspect` is heard by the release. It is looked at again and again without correction: no bound on false holds.
 */
export function gaugeVerdict(plan: JudgePlan, check: CheckPlan, facts: GaugeFacts): CheckVerdict {
  const forgetMs = forgetMsOf(plan, check);
  const canary = currentMeans(facts.means.canary, facts.atMs - forgetMs);
  const stable = currentMeans(facts.means.stable, facts.atMs - forgetMs);
  const verdict = (kind: CheckVerdict['kind'], message: string, warning: string | null): CheckVerdict => ({
    name: check.name,
    kind,
    value: mean(canary),
    stableValue: mean(stable),
    limit: check.limit,
    requests: canary.length,
    errors: 0,
    logEvidence: null,
    interval: null,
    message,
    ...(warning === null ? {} : { warning }),
  });
  if (facts.baking)
    return verdict('notEnoughData', 'all traffic is on the canary: no stable pod has the same work', null);
  if (canary.length === 0)
    return verdict('notEnoughData', `no canary pod was read in the last ${formatDuration(forgetMs)}`, null);
  const side = isLowerWorse(check) ? 'lower' : 'higher';
  const alpha = plan.bet?.falseRollback ?? 0.01;
  const comparison =
    check.compare === false || stable.length === 0
      ? null
      : compareGauges(canary, stable, { alpha, worse: side });
  const breach = breachOf(check, canary);
  const warnings = [breach, comparison === null ? null : warningOf(comparison, side)].flatMap(
    (text) => text ?? [],
  );
  const shown = comparison?.kind === 'worse' || (breach !== null && breachOf(check, stable) === null);
  return verdict(
    check.gauge?.critical === true && shown ? 'suspect' : 'pass',
    describe(check, mean(canary), mean(stable), comparison),
    warnings.length === 0 ? null : warnings.join('; '),
  );
}

function isLowerWorse({ limit }: CheckPlan): boolean {
  return limit.min !== undefined && limit.max === undefined;
}

function breachOf(check: CheckPlan, values: readonly number[]): string | null {
  const shown = { unit: check.shownUnit, scale: check.shownScale };
  const worst = [Math.max(...values), Math.min(...values)].find(
    (value) => Number.isFinite(value) && !isWithin(check.limit, { value, beyond: false }),
  );
  if (worst === undefined) return null;
  return `a canary pod is at ${showValue(worst, check.limit, shown)}, allowed ${showLimit(check.limit, shown)}`;
}

/** A difference that looks large is told also where so few pods cannot show it. */
function warningOf(comparison: GaugeComparison, side: 'higher' | 'lower'): string | null {
  if (comparison.kind === 'worse') return comparison.message;
  if (comparison.kind !== 'cannotTell' || !comparison.large) return null;
  const by = comparison.shift === null ? '' : ` by ${Number((100 * comparison.shift).toPrecision(2))} %`;
  return `the canary looks ${side}${by}; ${comparison.message}`;
}

function describe(
  check: CheckPlan,
  value: number | null,
  stableValue: number | null,
  comparison: GaugeComparison | null,
): string {
  const shown = { unit: check.shownUnit, scale: check.shownScale };
  const hasLimit = check.limit.min !== undefined || check.limit.max !== undefined;
  const parts = [
    value === null ? null : `${showValue(value, check.limit, shown)} a pod`,
    hasLimit ? `allowed ${showLimit(check.limit, shown)}` : null,
  ].flatMap((part) => part ?? []);
  return [
    parts.join(', '),
    ...(stableValue === null ? ['no stable pod was read'] : [`stable ${showValue(stableValue, {}, shown)}`]),
    ...(comparison === null ? [] : [comparison.message]),
  ].join('; ');
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
