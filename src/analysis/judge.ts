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
  | { readonly kind: 'sample' }
  /**
   * A number of each pod (memory, processor time), higher is worse; with a limit that has only a `min`, lower is. Pods of the canary
   * are compared with stable's. It warns, and never fails a release. `usage`: what the platform itself measures, in bytes or in cores.
   */
  | { readonly kind: 'gauge'; readonly usage?: 'memory' | 'cpu' };

/** What is worked out from counts of requests. */
export type CountedMeasure = Exclude<Measure, { readonly kind: 'sample' | 'gauge' }>;

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
  /** `bet`, `likelihood`: whether the canary is also held against stable. Absent: yes. */
  readonly compare?: boolean;
  /** Of a gauge. Absent: not critical. `critical`: the release is held (`suspect`) while the difference is shown and large. */
  readonly gauge?: { readonly critical: boolean };
  /** `kayenta`: how this check counts. Absent: no group of its own, not critical, both directions. */
  readonly kayenta?: KayentaCheck;
}

export type JudgeName = 'threshold' | 'bet' | 'likelihood' | 'argo' | 'kayenta';

/** Settings of `bet` and `likelihood`. What is absent has the default that is named. */
export interface BetSettings {
  /** α: share of healthy releases that statistical checks may roll back, at most. 0.01. */
  readonly falseRollback?: number;
  /** ψ0: how many times stable's odds of an error the canary's may be. 1.5. */
  readonly margin?: number;
  /** The same for being slower than a histogram bound. 1.25. */
  readonly latencyMargin?: number;
  /** The canary may be this many times slower than stable, at every quantile. 1. */
  readonly slowdown?: number;
  /** u: evidence that rolls back, from history by conformal calibration; never below 1/α. */
  readonly level?: number;
  /** Blocks that the rollout is planned to have: the prior of a later onset is spread over them. 360. */
  readonly plannedBlocks?: number;
  /** Canary requests that the first block is planned to have. 20. */
  readonly plannedRequests?: number;
  /** A: the detector of the bake alarms on a healthy release once in so many blocks, or more rarely. 1,000,000. */
  readonly bakeRunLength?: number;
  /** `likelihood`: requests that fail together, φ; the evidence of a request is its φ-th root. 1. */
  readonly dispersion?: number;
}

/** One metric of an Argo Rollouts analysis, with its limits. Conditions speak of `result`. */
export interface ArgoMetric {
  readonly check: string;
  readonly successCondition?: string;
  readonly failureCondition?: string;
  readonly intervalMs: number;
  readonly initialDelayMs?: number;
  /** Measurements before the metric is done. Absent: it goes on. */
  readonly count?: number;
  /** 0. */
  readonly failureLimit?: number;
  /** 0. */
  readonly inconclusiveLimit?: number;
  /** 4. */
  readonly consecutiveErrorLimit?: number;
  readonly consecutiveSuccessLimit?: number;
}

export interface ArgoSettings {
  readonly metrics: readonly ArgoMetric[];
}

export interface KayentaCheck {
  readonly group?: string;
  /** Which way is worse. `either`. */
  readonly direction?: 'increase' | 'decrease' | 'either';
  /** `remove`. */
  readonly nanStrategy?: 'remove' | 'replace';
  readonly outliers?: { readonly strategy: 'keep' | 'remove'; readonly factor?: number };
  readonly critical?: boolean;
  readonly mustHaveData?: boolean;
  readonly effectSize?: {
    readonly measure?: 'meanRatio' | 'cles';
    readonly allowedIncrease?: number;
    readonly allowedDecrease?: number;
    readonly criticalIncrease?: number;
    readonly criticalDecrease?: number;
  };
}

export interface KayentaSettings {
  /** Points of one sample: an arm's value over this long. 60,000. */
  readonly sampleMs?: number;
  /** Weight of each group, 0 to 100; groups without one share what is missing. */
  readonly groupWeights?: Readonly<Record<string, number>>;
  /** 75. */
  readonly marginal?: number;
  /** 95. */
  readonly pass?: number;
}

/** How a rollout is judged. Part of the plan's snapshot, so it never changes during a run. */
export interface JudgePlan {
  readonly judge: JudgeName;
  readonly bet?: BetSettings;
  readonly argo?: ArgoSettings;
  readonly kayenta?: KayentaSettings;
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
  /** Judges that look on: they are fed the same and decide nothing. */
  readonly shadow?: readonly JudgeName[];
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
  /** From judges that weigh evidence. */
  readonly evidence?: CheckEvidence;
  /** What a person should look at although nothing is decided by it: from gauges. */
  readonly warning?: string;
}

export interface CheckEvidence {
  /** Natural log of the largest evidence so far, 0 or more. A healthy release comes this far in at most 1 of e^peak rollouts. */
  readonly peakLogEvidence: number;
  /** This check alone is reason enough for the rollback, after correction for the others. */
  readonly blamed: boolean;
  /** Stable breaks the same limit at the moment, and the canary is not shown to be worse than stable. */
  readonly environment: boolean;
  /** End of the last block before the likeliest onset; null without evidence. */
  readonly onsetAtMs: number | null;
  /** What was counted as bad, over the whole run: errors, or requests slower than the bound in use. */
  readonly canary: { readonly requests: number; readonly bad: number };
  readonly stable: { readonly requests: number; readonly bad: number };
  /** Share of bad requests, 0 to 1, that the requests so far would have shown with 90 %; null without an absolute limit. */
  readonly smallestSeen: number | null;
}

export interface VerdictEvidence {
  readonly logEvidence: number;
  readonly peakLogEvidence: number;
  /** ln u: from here on it is a rollback. */
  readonly logLevel: number;
  /** At so much, now, the release is suspect: √u, and in a bake a hundredth of the level. */
  readonly logSuspect: number;
  /** Suspect, and for a person to look at: stable breaks the same limit. */
  readonly environment: boolean;
  /** Names of the checks that are blamed; several checks without any: jointly. */
  readonly blame: readonly string[];
  readonly onsetAtMs: number | null;
  /** The bake is watched by a detector with an average run length instead of a bound over the run. */
  readonly detector: { readonly averageRunLengthBlocks: number } | null;
  /**
   * Stable pods that were put in the canary's role, and how many of them look suspicious at the moment. While two or more do, the
   * comparison with stable rolls nothing back. null: fewer than 3 stable pods are known.
   */
  readonly placebos: { readonly pods: number; readonly above: number } | null;
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
  /** From judges that weigh evidence. */
  readonly evidence?: VerdictEvidence;
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
  /** All traffic is on the canary and the old version is kept warm: no end is planned. Absent: no. */
  readonly bake?: boolean;
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
