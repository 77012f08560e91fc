import type { Block, Sample, Signal } from './block.ts';

/** What a check measures. Percent is 0 to 100; durations are seconds. */
export type Measure =
  /** Share of requests that failed, in percent: errors / requests of the canary. */
  | { readonly kind: 'errorShare' }
  /** 100 minus the error share. */
  | { readonly kind: 'successShare' }
  /** A quantile of request latency in seconds, read from the histogram; `quantile` is 0 to 1. */
  | { readonly kind: 'latencyQuantile'; readonly quantile: number }
  /** A number from a metric source, found in the samples by the check's name. */
  | { readonly kind: 'sample' };

/** A limit is inclusive: a value fails only below `min` or above `max`. Unit of the measure. */
export interface Limit {
  readonly min?: number;
  readonly max?: number;
}

export interface CheckPlan {
  readonly name: string;
  readonly measure: Measure;
  readonly limit: Limit;
  /** For print only: `%`, `s`, `ms` or ''. The value is shown as `value × shownScale`. */
  readonly shownUnit: string;
  readonly shownScale: number;
  /** How far back one evaluation looks. */
  readonly windowMs: number;
  /** Fewer canary requests than this in the window are not enough data. */
  readonly minRequests: number;
}

/** How a rollout is judged. Part of the plan's snapshot, so it never changes during a run. */
export interface JudgePlan {
  readonly judge: 'threshold';
  /** One evaluation of all checks each interval of judged time. */
  readonly intervalMs: number;
  /** Failed evaluations, counted over the whole run and never reset by a good one, that make the verdict `fail`. */
  readonly failureThreshold: number;
  /**
   * Flagger's order: the evaluation that reaches the threshold does not itself fail the rollout, the next tick does.
   * `atOnce` is what `sluice.dev` uses.
   */
  readonly failAt: 'nextTick' | 'atOnce';
  /** What an evaluation without data counts as. `wait`: neither pass nor fail. `rollback`: the verdict `fail` at once. */
  readonly onNoData: 'wait' | 'fail' | 'rollback';
  readonly checks: readonly CheckPlan[];
}

export type VerdictKind = 'pass' | 'fail' | 'suspect' | 'notEnoughData' | 'noData' | 'providerError';

export interface CheckVerdict {
  readonly name: string;
  readonly kind: VerdictKind;
  /** In the unit of the measure; null without data. */
  readonly value: number | null;
  readonly stableValue: number | null;
  readonly limit: Limit;
  /** Canary requests and errors in the window; the sample count of a `sample` check. */
  readonly requests: number;
  readonly errors: number;
  /** Natural log of the evidence against the canary, from judges that have one. */
  readonly logEvidence: number | null;
  /** Confidence interval of `value`, from judges that have one. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** One line for people: value, limit, counts. The digits never make a failing value look equal to its limit. */
  readonly message: string;
}

export interface Verdict {
  /**
   * `pass`: the last evaluation passed; only this advances. `fail`: roll back; it stays `fail` for the rest of the run.
   * A failed evaluation that does not yet reach the threshold is neither: `notEnoughData` (not enough failures for a
   * verdict), or `noData` and `providerError` where that is what failed; the failed check itself is in `checks`.
   */
  readonly kind: VerdictKind;
  /** Instant of the last evaluation; null before the first. */
  readonly atMs: number | null;
  /** Evaluations in this step so far, by outcome. */
  readonly passesInStep: number;
  readonly evaluationsInStep: number;
  /** Failed evaluations over the whole run. */
  readonly failedChecks: number;
  /** Time of this step that blocks cover: what a hold is measured in. */
  readonly judgedMs: number;
  /** Canary requests in this step. */
  readonly requestsInStep: number;
  /** End of the first block with a canary failure, the onset; null while none failed. */
  readonly firstFailureAtMs: number | null;
  readonly checks: readonly CheckVerdict[];
}

/** Plain JSON, a few hundred bytes plus the window; persisted with the rollout and replayed to the same verdict. */
export type JudgeState = { readonly judge: JudgePlan['judge']; readonly [key: string]: unknown };

export interface JudgeInput {
  /** Blocks, samples and signals since the last call, in order, all from while the step's weight was in force. */
  readonly blocks: readonly Block[];
  readonly samples: readonly Sample[];
  readonly signals: readonly Signal[];
  /** The metric source could not be read this time, and why. */
  readonly providerError: string | null;
  readonly nowMs: number;
}

/** A judge: pure, and deterministic in (plan, state, input). */
export interface Judge<State extends JudgeState> {
  start(plan: JudgePlan): State;
  /** A new step begins: counts of the step and windows start anew, counts of the run stay. */
  startStep(plan: JudgePlan, state: State): State;
  judge(
    plan: JudgePlan,
    state: State,
    input: JudgeInput,
  ): { readonly state: State; readonly verdict: Verdict };
}
