import { assert } from '../../lib/assert.ts';
import { type ArmTotals, addToTotals } from '../arm-totals.ts';
import type { ArgoMetric, CheckPlan, CheckVerdict, Judge, JudgePlan, VerdictKind } from '../judge.ts';
import { countedMeasure, measureTotals } from '../measure.ts';
import { soundBlock, soundReading } from '../sound.ts';
import { showValue } from '../shown-value.ts';
import { type Condition, type Measurement, parseCondition } from './condition.ts';

/** Counts of one metric, as Argo Rollouts keeps them: cumulative over the run. */
export type ArgoCounts = {
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly errors: number;
  readonly consecutiveErrors: number;
  readonly consecutiveSuccesses: number;
  readonly taken: number;
  /** Judged time of the next measurement. */
  readonly dueMs: number;
  /** Since the last measurement. */
  readonly totals: ArmTotals | null;
  readonly lastValue: number | null;
  readonly lastMessage: string;
};

export type ArgoState = {
  readonly judge: 'argo';
  readonly version: 1;
  readonly judgedMs: number;
  readonly stepFromMs: number;
  readonly requestsInStep: number;
  readonly evaluationsInStep: number;
  readonly passesInStep: number;
  readonly firstFailureAtMs: number | null;
  readonly lastAtMs: number | null;
  readonly kind: VerdictKind;
  readonly metrics: Readonly<Record<string, ArgoCounts>>;
  readonly samples: Readonly<Record<string, number | null>>;
  readonly failedSignal: string | null;
};

type Phase = 'Running' | 'Successful' | 'Failed' | 'Inconclusive' | 'Error';

const none: ArgoCounts = {
  successful: 0,
  failed: 0,
  inconclusive: 0,
  errors: 0,
  consecutiveErrors: 0,
  consecutiveSuccesses: 0,
  taken: 0,
  dueMs: 0,
  totals: null,
  lastValue: null,
  lastMessage: 'no measurement yet',
};

/**
 * The analysis of Argo Rollouts: measurements every interval, each held against the conditions; the run fails when more than
 * `failureLimit` of them failed. Model: `analysis/analysis.go` of argoproj/argo-rollouts. A value is what the arm served since the last
 * measurement: percent for shares, seconds for quantiles. Gives no guarantee.
 */
export const argo: Judge<ArgoState> = {
  start: (plan) => ({
    judge: 'argo',
    version: 1,
    judgedMs: 0,
    stepFromMs: 0,
    requestsInStep: 0,
    evaluationsInStep: 0,
    passesInStep: 0,
    firstFailureAtMs: null,
    lastAtMs: null,
    kind: 'notEnoughData',
    metrics: Object.fromEntries(
      metricsOf(plan).map((metric) => [
        metric.check,
        { ...none, dueMs: metric.initialDelayMs ?? metric.intervalMs },
      ]),
    ),
    samples: {},
    failedSignal: null,
  }),
  startStep: (_plan, state) => ({
    ...state,
    stepFromMs: state.judgedMs,
    requestsInStep: 0,
    evaluationsInStep: 0,
    passesInStep: 0,
    kind: state.kind === 'fail' ? 'fail' : 'notEnoughData',
  }),
  judge: (plan, before, input) => {
    assert(before.judge === 'argo' && before.version === 1, 'the state is of the judge argo, version 1');
    let state = before;
    const samples: Record<string, number | null> = { ...state.samples };
    for (const sample of input.samples)
      samples[sample.check] = sample.error === undefined ? soundReading(sample.value) : null;
    const failed = input.signals.find(({ passed }) => !passed);
    state = { ...state, samples, failedSignal: state.failedSignal ?? failed?.message ?? null };
    for (const given of input.blocks) {
      if (state.kind === 'fail') break;
      const { block, problem } = soundBlock(given);
      if (block === null) {
        state = withoutData(state);
        continue;
      }
      const { canary } = block;
      state = {
        ...state,
        judgedMs: state.judgedMs + block.durationMs,
        requestsInStep: state.requestsInStep + (canary?.requests ?? 0),
        firstFailureAtMs: state.firstFailureAtMs ?? ((canary?.errors ?? 0) > 0 ? block.atMs : null),
        metrics: canary === undefined ? state.metrics : addToAll(state.metrics, canary),
      };
      state = measureDue(plan, state, block.atMs);
      if (problem !== null) state = withoutData(state);
    }
    if (input.providerError !== null) state = withoutData(state);
    return { state, verdict: verdictOf(plan, state) };
  },
};

/** The source could not be read, or gave what cannot be: until the next measurement nothing is known. */
function withoutData(state: ArgoState): ArgoState {
  return state.kind === 'fail' ? state : { ...state, kind: 'providerError' };
}

function metricsOf(plan: JudgePlan): readonly ArgoMetric[] {
  return plan.argo?.metrics ?? [];
}

function addToAll(
  metrics: ArgoState['metrics'],
  canary: Parameters<typeof addToTotals>[1],
): ArgoState['metrics'] {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, counts]) => [
      name,
      { ...counts, totals: addToTotals(counts.totals, canary) },
    ]),
  );
}

function measureDue(plan: JudgePlan, before: ArgoState, atMs: number): ArgoState {
  let state = before;
  let measured = false;
  for (const metric of metricsOf(plan)) {
    const counts = state.metrics[metric.check] ?? none;
    const done = phaseOf(metric, counts) !== 'Running';
    if (done || state.judgedMs < counts.dueMs) continue;
    measured = true;
    const check = plan.checks.find(({ name }) => name === metric.check);
    const next = take(
      metric,
      counts,
      check === undefined ? [] : valueOf(check, counts, state),
      state.judgedMs,
    );
    state = { ...state, metrics: { ...state.metrics, [metric.check]: next } };
  }
  if (!measured && state.failedSignal === null) return state;
  const kind = kindOf(plan, state);
  return {
    ...state,
    kind,
    lastAtMs: atMs,
    evaluationsInStep: state.evaluationsInStep + 1,
    passesInStep: state.passesInStep + (kind === 'pass' ? 1 : 0),
  };
}

function valueOf(check: CheckPlan, counts: ArgoCounts, state: ArgoState): Measurement {
  const measure = countedMeasure(check.measure);
  if (measure === null) {
    const sample = state.samples[check.name];
    return sample === undefined ? [] : [sample ?? Number.NaN];
  }
  const measured = measureTotals(measure, counts.totals);
  return measured === null ? [] : [measured.beyond ? Number.POSITIVE_INFINITY : measured.value];
}

function take(metric: ArgoMetric, counts: ArgoCounts, value: Measurement, judgedMs: number): ArgoCounts {
  const outcome = outcomeOf(metric, value);
  const lastValue = value.length > 0 && Number.isFinite(value[0]) ? (value[0] ?? null) : null;
  const succeeded = outcome.kind === 'Successful';
  const isError = outcome.kind === 'Error';
  // Missed measurements are not made up for.
  const dueMs =
    counts.dueMs + metric.intervalMs * (1 + Math.floor((judgedMs - counts.dueMs) / metric.intervalMs));
  return {
    successful: counts.successful + (succeeded ? 1 : 0),
    failed: counts.failed + (outcome.kind === 'Failed' ? 1 : 0),
    inconclusive: counts.inconclusive + (outcome.kind === 'Inconclusive' ? 1 : 0),
    errors: counts.errors + (isError ? 1 : 0),
    consecutiveErrors: isError ? counts.consecutiveErrors + 1 : 0,
    consecutiveSuccesses: succeeded ? counts.consecutiveSuccesses + 1 : 0,
    taken: counts.taken + 1,
    dueMs,
    totals: null,
    lastValue,
    lastMessage: outcome.message,
  };
}

/** Success without a failure condition means that everything else failed, and the other way round; with both, the rest is open. */
function outcomeOf(
  metric: ArgoMetric,
  value: Measurement,
): { readonly kind: Phase; readonly message: string } {
  const { successCondition, failureCondition } = metric;
  if (successCondition === undefined && failureCondition === undefined)
    return { kind: 'Successful', message: 'no condition: every measurement passes' };
  const failed = failureCondition === undefined ? null : hold(failureCondition, value);
  const succeeded = successCondition === undefined ? null : hold(successCondition, value);
  for (const held of [failed, succeeded])
    if (typeof held === 'string') return { kind: 'Error', message: held };
  if (failed === true) return { kind: 'Failed', message: `${failureCondition} holds` };
  if (succeeded === true) return { kind: 'Successful', message: `${successCondition} holds` };
  if (successCondition === undefined)
    return { kind: 'Successful', message: `${failureCondition} does not hold` };
  if (failureCondition === undefined) return { kind: 'Failed', message: `${successCondition} does not hold` };
  return { kind: 'Inconclusive', message: 'neither condition holds' };
}

const conditions = new Map<string, Condition | string>();

/** Text is read once; there are as many as people write. */
function hold(text: string, value: Measurement): boolean | string {
  let condition = conditions.get(text);
  if (condition === undefined) {
    const parsed = parseCondition(text);
    condition = parsed.ok ? parsed.value : parsed.error;
    conditions.set(text, condition);
  }
  if (typeof condition === 'string') return condition;
  const held = condition(value);
  return held.ok ? held.value : held.error;
}

function phaseOf(metric: ArgoMetric, counts: ArgoCounts): Phase {
  if (counts.failed > (metric.failureLimit ?? 0)) return 'Failed';
  if (counts.inconclusive > (metric.inconclusiveLimit ?? 0)) return 'Inconclusive';
  if (counts.consecutiveErrors > (metric.consecutiveErrorLimit ?? 4)) return 'Error';
  const enough = metric.consecutiveSuccessLimit ?? 0;
  if (enough > 0 && counts.consecutiveSuccesses >= enough) return 'Successful';
  return metric.count !== undefined && counts.taken - counts.errors >= metric.count
    ? 'Successful'
    : 'Running';
}

function kindOf(plan: JudgePlan, state: ArgoState): VerdictKind {
  const phases = metricsOf(plan).map((metric) => phaseOf(metric, state.metrics[metric.check] ?? none));
  if (state.failedSignal !== null || phases.includes('Failed')) return 'fail';
  if (phases.includes('Error')) return 'fail';
  if (phases.includes('Inconclusive')) return 'suspect';
  const last = metricsOf(plan).map((metric) => state.metrics[metric.check] ?? none);
  if (last.some(({ consecutiveErrors }) => consecutiveErrors > 0)) return 'noData';
  return last.every(({ taken, consecutiveSuccesses }) => taken > 0 && consecutiveSuccesses > 0)
    ? 'pass'
    : 'notEnoughData';
}

function verdictOf(plan: JudgePlan, state: ArgoState): ReturnType<Judge<ArgoState>['judge']>['verdict'] {
  return {
    kind: state.kind,
    atMs: state.lastAtMs,
    passesInStep: state.passesInStep,
    evaluationsInStep: state.evaluationsInStep,
    failedChecks: Object.values(state.metrics).reduce((sum, { failed }) => sum + failed, 0),
    judgedMs: state.judgedMs - state.stepFromMs,
    requestsInStep: state.requestsInStep,
    firstFailureAtMs: state.firstFailureAtMs,
    checks: metricsOf(plan).map((metric) => checkOf(plan, metric, state.metrics[metric.check] ?? none)),
  };
}

function checkOf(plan: JudgePlan, metric: ArgoMetric, counts: ArgoCounts): CheckVerdict {
  const check = plan.checks.find(({ name }) => name === metric.check);
  const shown = { unit: check?.shownUnit ?? '', scale: check?.shownScale ?? 1 };
  const phase = phaseOf(metric, counts);
  const kinds: Readonly<Record<Phase, VerdictKind>> = {
    Running: counts.taken === 0 ? 'notEnoughData' : counts.consecutiveErrors > 0 ? 'noData' : 'pass',
    Successful: 'pass',
    Failed: 'fail',
    Inconclusive: 'suspect',
    Error: 'providerError',
  };
  const value =
    counts.lastValue === null ? '' : `${showValue(counts.lastValue, check?.limit ?? {}, shown)}; `;
  return {
    name: metric.check,
    kind: kinds[phase],
    value: counts.lastValue,
    stableValue: null,
    limit: check?.limit ?? {},
    requests: counts.totals?.requests ?? 0,
    errors: counts.totals?.errors ?? 0,
    logEvidence: null,
    interval: null,
    message: `${value}${counts.lastMessage}; ${counts.failed} failed, ${metric.failureLimit ?? 0} allowed`,
  };
}
