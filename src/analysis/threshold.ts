import { assert } from '../lib/assert.ts';
import type { Block, Sample, Signal } from './block.ts';
import { judgeCheck, type SampleReading } from './check.ts';
import type { CheckPlan, CheckVerdict, Judge, JudgeInput, JudgePlan, Verdict, VerdictKind } from './judge.ts';
import { soundBlock, soundReading } from './sound.ts';
import { addToSlots, type Slot, type SlotWidth, slotWidth, sumWindow } from './slots.ts';

interface StoredSample {
  readonly atMs: number;
  readonly value: number | null;
}

/** State of `threshold`. Plain JSON. A type, not an interface: only so it fits `JudgeState`. */
export type ThresholdState = {
  readonly judge: 'threshold';
  readonly version: 1;
  /** Of the run: never reset. */
  readonly failedChecks: number;
  /** The verdict `fail` was given; it stays. */
  readonly decided: boolean;
  readonly firstFailureAtMs: number | null;
  /** First failed signal since the last evaluation: it fails the next one. */
  readonly failedSignal: { readonly name: string; readonly message: string } | null;
  /** Of the step. */
  readonly judgedMs: number;
  readonly requestsInStep: number;
  readonly evaluationsInStep: number;
  readonly passesInStep: number;
  /** Evaluations are due at whole multiples of the interval; this many are behind us. */
  readonly ticks: number;
  readonly slots: readonly Slot[];
  readonly samples: Readonly<Record<string, StoredSample>>;
  readonly sampleErrors: Readonly<Record<string, { readonly atMs: number; readonly message: string }>>;
  /** Time in which the source gave nothing; an interval of it is an evaluation without data. */
  readonly silentMs: number;
  readonly lastCallAtMs: number | null;
  readonly last: {
    readonly kind: VerdictKind;
    readonly atMs: number;
    readonly checks: readonly CheckVerdict[];
  } | null;
};

/** Without an error a source is called silent no sooner than this. */
const shortestSilenceMs = 10_000;

const noStep = {
  judgedMs: 0,
  requestsInStep: 0,
  evaluationsInStep: 0,
  passesInStep: 0,
  ticks: 0,
  slots: [],
  samples: {},
  sampleErrors: {},
  silentMs: 0,
  lastCallAtMs: null,
  last: null,
} as const satisfies Partial<ThresholdState>;

/**
 * Flagger's judge: every interval of judged time all checks are held against their limits, and the failed evaluations of
 * the whole run are counted; good ones never take any back. At `failureThreshold` the run fails (`failAt` says when).
 * `pkg/controller/scheduler.go` of fluxcd/flagger is the model for order and counting; `onNoData` and `minRequests` are ours.
 */
export const threshold: Judge<ThresholdState> = {
  start: () => ({
    judge: 'threshold',
    version: 1,
    failedChecks: 0,
    decided: false,
    firstFailureAtMs: null,
    failedSignal: null,
    ...noStep,
  }),
  startStep: (_plan, state) => ({ ...state, ...noStep }),
  judge: (plan, before, input) => {
    assert(
      before.judge === 'threshold' && before.version === 1,
      'the state is of the judge threshold, version 1',
    );
    let state = takeReadings(before, input);
    let read = false;
    let providerError = input.providerError;
    for (const given of input.blocks) {
      const { block, problem } = soundBlock(given);
      if (block !== null) state = takeBlock(plan, state, block, input.providerError ?? problem);
      else providerError ??= problem;
      read ||= block !== null;
    }
    if (!read) state = takeSilence(plan, state, { ...input, providerError }, before.lastCallAtMs);
    return { state, verdict: verdictOf(state) };
  },
};

function takeReadings(state: ThresholdState, input: JudgeInput): ThresholdState {
  const samples: Record<string, StoredSample> = { ...state.samples };
  const sampleErrors = { ...state.sampleErrors };
  for (const sample of input.samples) storeSample(sample, samples, sampleErrors);
  const failed = input.signals.find((signal) => !signal.passed);
  const failedSignal = state.failedSignal ?? (failed === undefined ? null : describeSignal(failed));
  return { ...state, samples, sampleErrors, failedSignal, lastCallAtMs: input.nowMs };
}

function storeSample(
  sample: Sample,
  samples: Record<string, StoredSample>,
  errors: Record<string, { atMs: number; message: string }>,
): void {
  if (sample.error !== undefined) errors[sample.check] = { atMs: sample.atMs, message: sample.error };
  else samples[sample.check] = { atMs: sample.atMs, value: soundReading(sample.value) };
}

function describeSignal(signal: Signal): { readonly name: string; readonly message: string } {
  return { name: signal.name, message: signal.message };
}

function takeBlock(
  plan: JudgePlan,
  before: ThresholdState,
  block: Block,
  providerError: string | null,
): ThresholdState {
  const judgedMs = before.judgedMs + block.durationMs;
  const width = widthOf(plan);
  const state: ThresholdState = {
    ...before,
    judgedMs,
    requestsInStep: before.requestsInStep + (block.canary?.requests ?? 0),
    slots: addToSlots(before.slots, block, judgedMs, width, longestWindowMs(plan)),
    firstFailureAtMs: before.firstFailureAtMs ?? ((block.canary?.errors ?? 0) > 0 ? block.atMs : null),
    silentMs: 0,
  };
  // A block over several ticks (a merged gap) is one set of data, so it is evaluated once.
  const ticks = Math.floor(judgedMs / plan.intervalMs);
  return ticks > before.ticks ? tick(plan, { ...state, ticks }, block.atMs, providerError) : state;
}

/**
 * A source that gives no blocks must not stop the clock of failures. Only time between two calls counts, of one stretch at
 * most half an interval, and nothing of a long one: an outage of Sluice itself is never taken for silence of the source.
 */
function takeSilence(
  plan: JudgePlan,
  state: ThresholdState,
  input: JudgeInput,
  lastCallAtMs: number | null,
): ThresholdState {
  if (lastCallAtMs === null) return state;
  const sinceMs = Math.max(0, input.nowMs - lastCallAtMs);
  if (sinceMs > Math.max(plan.intervalMs, shortestSilenceMs)) return state;
  const stretchMs = Math.min(sinceMs, plan.intervalMs / 2);
  const silentMs = state.silentMs + stretchMs;
  // A reading that comes a little late is no silence; an error of the source needs no second thought.
  const limitMs =
    input.providerError === null ? Math.max(2 * plan.intervalMs, shortestSilenceMs) : plan.intervalMs;
  if (silentMs < limitMs) return { ...state, silentMs };
  const silent = input.providerError ?? 'the metric source gave nothing';
  const kind = input.providerError === null ? 'noData' : 'providerError';
  const checks =
    state.failedSignal === null
      ? plan.checks.map((check) => withoutValue(check.name, kind, silent, check.limit))
      : [];
  return evaluate(plan, { ...state, silentMs: 0 }, input.nowMs, checks, kind);
}

function tick(
  plan: JudgePlan,
  state: ThresholdState,
  atMs: number,
  providerError: string | null,
): ThresholdState {
  const checks: CheckVerdict[] = [];
  for (const check of state.failedSignal === null ? plan.checks : []) {
    const window = sumWindow(state.slots, state.judgedMs, check.windowMs, widthOf(plan));
    const sample = check.measure.kind === 'sample' ? sampleAt(plan, state, check, atMs) : null;
    const verdict = judgeCheck(check, { ...window, sample });
    checks.push(verdict);
    if (countsAsFailed(plan, verdict.kind)) break;
  }
  return evaluate(plan, state, atMs, checks, providerError === null ? 'pass' : 'providerError');
}

/** `floor`: what the evaluation is at best. */
function evaluate(
  plan: JudgePlan,
  state: ThresholdState,
  atMs: number,
  judged: readonly CheckVerdict[],
  floor: VerdictKind,
): ThresholdState {
  const reached = state.failedChecks >= failuresAllowed(plan);
  if (state.decided || (plan.failAt === 'nextTick' && reached)) {
    return { ...state, decided: true, last: { kind: 'fail', atMs, checks: state.last?.checks ?? judged } };
  }
  const signal = state.failedSignal;
  const checks = signal === null ? judged : [withoutValue(signal.name, 'fail', signal.message, {})];
  const kinds = new Set<VerdictKind>([floor, ...checks.map((check) => check.kind)]);
  const failed = [...kinds].some((kind) => countsAsFailed(plan, kind));
  const failedChecks = state.failedChecks + (failed ? 1 : 0);
  const lacking = kinds.has('providerError') || kinds.has('noData');
  const decided =
    (plan.failAt === 'atOnce' && failedChecks >= failuresAllowed(plan)) ||
    (plan.onNoData === 'rollback' && lacking);
  const kind = decided ? 'fail' : outcome(kinds);
  return {
    ...state,
    failedChecks,
    decided,
    failedSignal: null,
    evaluationsInStep: state.evaluationsInStep + 1,
    passesInStep: state.passesInStep + (kind === 'pass' ? 1 : 0),
    last: { kind, atMs, checks },
  };
}

function outcome(kinds: ReadonlySet<VerdictKind>): VerdictKind {
  if (kinds.has('providerError')) return 'providerError';
  if (kinds.has('noData')) return 'noData';
  return kinds.has('fail') || kinds.has('notEnoughData') ? 'notEnoughData' : 'pass';
}

function countsAsFailed(plan: JudgePlan, kind: VerdictKind): boolean {
  return kind === 'fail' || (plan.onNoData !== 'wait' && (kind === 'noData' || kind === 'providerError'));
}

/** Flagger reads a threshold of 0 as 1. */
function failuresAllowed(plan: JudgePlan): number {
  return Math.max(1, plan.failureThreshold);
}

/** The newest reading of this interval; one that failed counts only where no other was had. */
function sampleAt(plan: JudgePlan, state: ThresholdState, check: CheckPlan, atMs: number): SampleReading {
  const oldestMs = atMs - plan.intervalMs;
  const sample = state.samples[check.name];
  if (sample !== undefined && sample.atMs > oldestMs) return { kind: 'value', value: sample.value };
  const error = state.sampleErrors[check.name];
  return error !== undefined && error.atMs > oldestMs ? { kind: 'error', message: error.message } : null;
}

function withoutValue(
  name: string,
  kind: VerdictKind,
  message: string,
  limit: CheckPlan['limit'],
): CheckVerdict {
  return {
    name,
    kind,
    value: null,
    stableValue: null,
    limit,
    requests: 0,
    errors: 0,
    logEvidence: null,
    interval: null,
    message,
  };
}

function verdictOf(state: ThresholdState): Verdict {
  return {
    kind: state.decided ? 'fail' : (state.last?.kind ?? 'notEnoughData'),
    atMs: state.last?.atMs ?? null,
    passesInStep: state.passesInStep,
    evaluationsInStep: state.evaluationsInStep,
    failedChecks: state.failedChecks,
    judgedMs: state.judgedMs,
    requestsInStep: state.requestsInStep,
    firstFailureAtMs: state.firstFailureAtMs,
    checks: state.last?.checks ?? [],
  };
}

function longestWindowMs(plan: JudgePlan): number {
  return Math.max(plan.intervalMs, ...plan.checks.map((check) => check.windowMs));
}

function widthOf(plan: JudgePlan): SlotWidth {
  return slotWidth(
    plan.intervalMs,
    plan.checks.map((check) => check.windowMs),
  );
}
