import { assert } from '../../lib/assert.ts';
import { type ArmTotals, addToTotals } from '../arm-totals.ts';
import { withLazyChecks } from '../lazy-checks.ts';
import type {
  CheckPlan,
  CheckVerdict,
  Judge,
  JudgeInput,
  JudgePlan,
  Verdict,
  VerdictKind,
} from '../judge.ts';
import { countedMeasure, measureTotals } from '../measure.ts';
import { showValue } from '../shown-value.ts';
import { soundBlock } from '../sound.ts';
import { type Classified, classify } from './classify.ts';
import { scoreOf } from './score.ts';

/** Points of one check; null stands for NaN, which JSON has not. */
type Points = { readonly canary: readonly (number | null)[]; readonly stable: readonly (number | null)[] };

export type KayentaState = {
  readonly judge: 'kayenta';
  readonly version: 1;
  readonly judgedMs: number;
  readonly stepFromMs: number;
  readonly requestsInStep: number;
  readonly evaluationsInStep: number;
  readonly passesInStep: number;
  readonly failedChecks: number;
  readonly firstFailureAtMs: number | null;
  readonly lastAtMs: number | null;
  readonly kind: VerdictKind;
  readonly failedSignal: boolean;
  /** Of the point that is being filled. */
  readonly canary: ArmTotals | null;
  readonly stable: ArmTotals | null;
  readonly points: Readonly<Record<string, Points>>;
  readonly score: number | null;
};

/** Two days of minutes. */
const mostPoints = 2_880;

/**
 * Spinnaker's canary judge on what both arms served: one point of each check a minute, all points so far compared every interval.
 * It looks again without correction and takes points for independent, so its nominal 2 % is no bound. Gives no guarantee.
 */
export const kayenta: Judge<KayentaState> = {
  start: () => ({
    judge: 'kayenta',
    version: 1,
    judgedMs: 0,
    stepFromMs: 0,
    requestsInStep: 0,
    evaluationsInStep: 0,
    passesInStep: 0,
    failedChecks: 0,
    firstFailureAtMs: null,
    lastAtMs: null,
    kind: 'notEnoughData',
    failedSignal: false,
    canary: null,
    stable: null,
    points: {},
    score: null,
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
    assert(
      before.judge === 'kayenta' && before.version === 1,
      'the state is of the judge kayenta, version 1',
    );
    let state: KayentaState = {
      ...before,
      failedSignal: before.failedSignal || input.signals.some(({ passed }) => !passed),
    };
    for (const given of input.blocks) {
      const { block, problem } = soundBlock(given);
      if (block !== null && state.kind !== 'fail') state = takeBlock(plan, state, block);
      if (problem !== null) state = withoutData(state);
    }
    if (input.providerError !== null) state = withoutData(state);
    return { state, verdict: verdictOf(plan, state) };
  },
};

/** The source could not be read, or gave what cannot be: until the next comparison nothing is known. */
function withoutData(state: KayentaState): KayentaState {
  return state.kind === 'fail' ? state : { ...state, kind: 'providerError' };
}

function takeBlock(plan: JudgePlan, before: KayentaState, block: JudgeInput['blocks'][number]): KayentaState {
  const { canary, stable } = block;
  let state: KayentaState = {
    ...before,
    judgedMs: before.judgedMs + block.durationMs,
    requestsInStep: before.requestsInStep + (canary?.requests ?? 0),
    firstFailureAtMs: before.firstFailureAtMs ?? ((canary?.errors ?? 0) > 0 ? block.atMs : null),
    canary: canary === undefined ? before.canary : addToTotals(before.canary, canary),
    stable: stable === undefined ? before.stable : addToTotals(before.stable, stable),
  };
  const sampleMs = plan.kayenta?.sampleMs ?? 60_000;
  if (Math.floor(state.judgedMs / sampleMs) > Math.floor(before.judgedMs / sampleMs))
    state = addPoints(plan, state);
  const due = Math.floor(state.judgedMs / plan.intervalMs) > Math.floor(before.judgedMs / plan.intervalMs);
  return due ? evaluate(plan, state, block.atMs) : state;
}

function addPoints(plan: JudgePlan, state: KayentaState): KayentaState {
  const points: Record<string, Points> = { ...state.points };
  for (const check of plan.checks) {
    const measure = countedMeasure(check.measure);
    if (measure === null) continue;
    const before = points[check.name] ?? { canary: [], stable: [] };
    points[check.name] = {
      canary: [...before.canary, measureTotals(measure, state.canary)?.value ?? null].slice(-mostPoints),
      stable: [...before.stable, measureTotals(measure, state.stable)?.value ?? null].slice(-mostPoints),
    };
  }
  return { ...state, points, canary: null, stable: null };
}

function evaluate(plan: JudgePlan, state: KayentaState, atMs: number): KayentaState {
  const results = plan.checks.map((check) => ({
    name: check.name,
    group: check.kayenta?.group ?? check.name,
    result: classified(check, state),
  }));
  const { score, verdict } = scoreOf(results, plan.kayenta ?? {});
  const empty = results.every(({ result }) => result.classification === 'Nodata' && !result.critical);
  const judged = verdict === 'Pass' ? 'pass' : verdict === 'Marginal' ? 'suspect' : 'fail';
  const kind = state.failedSignal ? 'fail' : empty ? 'noData' : judged;
  return {
    ...state,
    kind,
    score,
    lastAtMs: atMs,
    evaluationsInStep: state.evaluationsInStep + 1,
    passesInStep: state.passesInStep + (kind === 'pass' ? 1 : 0),
    failedChecks: state.failedChecks + (kind === 'fail' ? 1 : 0),
  };
}

const none: Points = { canary: [], stable: [] };

/** Comparing all points is the work; between two points of a minute nothing changes. */
const known = new WeakMap<Points, { readonly check: CheckPlan; readonly result: Classified }>();

function classified(check: CheckPlan, state: KayentaState): Classified {
  const points = state.points[check.name] ?? none;
  const before = known.get(points);
  if (before?.check === check) return before.result;
  const read = (values: readonly (number | null)[]): number[] => values.map((value) => value ?? Number.NaN);
  const settings = { ...directionOf(check), ...check.kayenta };
  const result = classify(read(points.canary), read(points.stable), settings);
  known.set(points, { check, result });
  return result;
}

/** Only the way that the limit forbids, unless the check says otherwise. */
function directionOf({ limit }: CheckPlan): CheckPlan['kayenta'] & object {
  if (limit.max !== undefined && limit.min === undefined) return { direction: 'increase' };
  return limit.min !== undefined && limit.max === undefined ? { direction: 'decrease' } : {};
}

function verdictOf(plan: JudgePlan, state: KayentaState): Verdict {
  const verdict = {
    kind: state.kind,
    atMs: state.lastAtMs,
    passesInStep: state.passesInStep,
    evaluationsInStep: state.evaluationsInStep,
    failedChecks: state.failedChecks,
    judgedMs: state.judgedMs - state.stepFromMs,
    requestsInStep: state.requestsInStep,
    firstFailureAtMs: state.firstFailureAtMs,
  };
  return withLazyChecks(verdict, () => plan.checks.map((check) => checkOf(check, state)));
}

function checkOf(check: CheckPlan, state: KayentaState): CheckVerdict {
  const points = state.points[check.name] ?? { canary: [], stable: [] };
  const { classification, effect } = classified(check, state);
  const kinds: Readonly<Record<Classified['classification'], VerdictKind>> = {
    Pass: 'pass',
    High: 'fail',
    Low: 'fail',
    Nodata: 'noData',
    NodataFailMetric: 'fail',
    Error: 'notEnoughData',
  };
  const value = meanOf(points.canary);
  const stableValue = meanOf(points.stable);
  const shown = { unit: check.shownUnit, scale: check.shownScale };
  const show = (mean: number | null): string => (mean === null ? 'nothing' : showValue(mean, {}, shown));
  const ratio = effect === null ? '' : ` (effect ${Number(effect.toPrecision(3))})`;
  return {
    name: check.name,
    kind: kinds[classification],
    value,
    stableValue,
    limit: check.limit,
    requests: points.canary.length,
    errors: 0,
    logEvidence: null,
    interval: null,
    message: `${classification}: mean ${show(value)} against ${show(stableValue)} of stable${ratio}; ${points.canary.length} points; score ${state.score ?? '—'}`,
  };
}

function meanOf(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}
