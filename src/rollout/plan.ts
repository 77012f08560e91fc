import type { JudgePlan } from '../analysis/judge.ts';

export type Strategy = 'Canary' | 'BlueGreen' | 'ABTest' | 'Rolling' | 'Recreate';

/** How requests reach the canary during a step. */
export type Routing =
  /** `weightPercent` of all requests (0 to 100). */
  | { readonly kind: 'weight'; readonly weightPercent: number }
  /** All requests that match the service's match rules, none of the others (A/B). */
  | { readonly kind: 'match' }
  /** Copies of `percent` of the safe requests; answers are dropped. */
  | { readonly kind: 'mirror'; readonly percent: number }
  /** None from users (blue-green before the switch); the canary is reached by its own name only. */
  | { readonly kind: 'none' };

export interface Step {
  readonly routing: Routing;
  /** Judged time, the time that blocks cover while the routing is in force, before the step may end. */
  readonly holdMs: number;
  /** Passing evaluations that the step needs besides (Flagger: one a step). */
  readonly minPasses: number;
  /** Canary requests that the step needs besides; 0 = none. */
  readonly minRequests: number;
  /** A person must approve before the step starts. */
  readonly approval: boolean;
  /** Longest judged and waiting time; past it `onInconclusive` decides. null = no limit. */
  readonly maxMs: number | null;
}

export type HookType =
  | 'confirm-rollout'
  | 'pre-rollout'
  | 'rollout'
  | 'confirm-traffic-increase'
  | 'confirm-promotion'
  | 'post-rollout'
  | 'rollback'
  | 'event';

export interface HookPlan {
  readonly name: string;
  readonly type: HookType;
  readonly url: string;
  /** Of one attempt. */
  readonly timeoutMs: number;
  /** Extra attempts after the first, inside one call. */
  readonly retries: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly muteAlert: boolean;
  /** A gate's own deadline: how long it may refuse or stay silent; null = for ever. */
  readonly deadlineMs: number | null;
  /** What happens at that deadline. */
  readonly onDeadline: 'rollback' | 'advance';
}

/** A rolling replacement of one arm's replicas. Counts are resolved against the arm's replicas (surge up, unavailable down). */
export interface RollParameters {
  readonly kind: 'rolling' | 'recreate';
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly minReadySeconds: number;
}

/** One run's whole policy, taken as a snapshot when the rollout starts. Plain JSON. */
export interface Plan {
  readonly version: 1;
  readonly strategy: Strategy;
  /** `flagger`: its sequence of phases, its hook order, its counting. */
  readonly semantics: 'sluice' | 'flagger';
  /** Canary, BlueGreen, ABTest: at least one. Rolling, Recreate: none. */
  readonly steps: readonly Step[];
  /** `bake`: 100 % to the canary, bake with the old version warm, roll the idle stable, shift back. `rolling`: roll stable under the canary's share. */
  readonly promotion: 'bake' | 'rolling';
  readonly bakeMs: number;
  /** Promote without steps, hooks or checks (recorded as skipped). */
  readonly skipAnalysis: boolean;
  readonly judging: JudgePlan;
  readonly hooks: readonly HookPlan[];
  /** A step also waits until the canary has served about what the traffic before it let expect. */
  readonly waitsForForecast: boolean;
  readonly onInconclusive: 'hold' | 'rollback' | 'advance';
  /** Replicas of the full-size canary, or the step's share of stable's (rounded up, at least 1). */
  readonly canarySize: 'full' | 'share';
  /** Replicas of the service at the start: stable's floor until the end. */
  readonly replicas: number;
  readonly roll: RollParameters;
  /** How long a workload may take to be ready or make progress before the rollout fails. */
  readonly progressDeadlineMs: number;
  /** Percent of replicas that must be available. */
  readonly stableReadyPercent: number;
  readonly canaryReadyPercent: number;
  /** How long a written route may stay unverified before the reason says so (nothing advances meanwhile). */
  readonly verifyWithinMs: number;
  /** Longest wait for in-flight requests after weight 0 is in force. */
  readonly drainMs: number;
  readonly approvalBeforePromotion: boolean;
  /** Wall-clock bound of the whole run before an alert "slow rollout"; nothing else happens. */
  readonly slowAfterMs: number | null;
}
