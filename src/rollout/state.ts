import type { Routing } from './plan.ts';

export type StateName =
  | 'Pending'
  | 'Starting'
  | 'Stepping'
  | 'Holding'
  | 'AwaitingApproval'
  | 'Paused'
  | 'Promoting'
  | 'Baking'
  | 'Draining'
  | 'RollingBack'
  | TerminalName;

export type TerminalName = 'Promoted' | 'RolledBack' | 'Aborted' | 'Failed' | 'Superseded';

export type Owner = 'controller' | 'person' | 'data plane' | 'metrics' | 'workload' | 'webhook';

/** Why a rollout is where it is. Closed: `SPEC.md` explains each; the CLI and API show the word. */
export type Reason =
  | 'new-revision'
  | 'first-revision'
  | 'waiting-for-previous-rollout'
  | 'confirm-rollout'
  | 'scaling-canary'
  | 'waiting-for-stable'
  | 'pre-rollout'
  | 'weight-not-verified'
  | 'holding'
  | 'inconclusive'
  | 'no-data'
  | 'provider-error'
  | 'suspect'
  | 'not-enough-data'
  | 'canary-not-ready'
  | 'stable-not-ready'
  | 'step-approval'
  | 'confirm-traffic-increase'
  | 'confirm-promotion'
  | 'promotion-approval'
  | 'paused-by-person'
  | 'lowered-elsewhere'
  | 'shifting-to-canary'
  | 'rolling-stable'
  | 'baking'
  | 'rolling-idle-stable'
  | 'shifting-to-stable'
  | 'draining'
  | 'scaling-down'
  | 'check-failed'
  | 'deadline-exceeded'
  | 'workload-failed'
  | 'hook-failed'
  | 'hook-rollback'
  | 'gate-deadline'
  | 'rollback-by-person'
  | 'rejected-by-person'
  | 'back-out'
  | 'superseded'
  | 'rebooted'
  | 'deleted'
  | 'tombstone'
  | 'promotion-failed'
  | 'succeeded'
  | 'skipped-analysis';

/** Who asked or decided: `controller`, or a person or pipeline by name. */
export interface Actor {
  readonly kind: 'controller' | 'person' | 'pipeline';
  readonly name: string;
}

/** The route the rollout wants. `decide` raises `weight` only by N1 and never after `tombstone` is set (N4). */
export interface RouteIntent {
  readonly routing: Routing;
  /** Sticky cookies and mirrors are off too once this is set. */
  readonly tombstone: boolean;
}

/** Where the canary and stable arms are to be. The engine makes the world so; `decide` never needs to know how. */
export interface ArmIntent {
  readonly revision: string;
  readonly replicas: number;
}

/** A gate or a hook that was asked: bound to (type, name, step, attempt), answered once. */
export interface AskedHook {
  readonly id: string;
  readonly name: string;
  readonly askedAtMs: number;
  /** null while no answer was seen. */
  readonly passed: boolean | null;
  readonly answeredAtMs: number | null;
}

/** What is persisted of one run. Plain JSON; `version` is for migration. */
export interface RolloutState {
  readonly version: 1;
  readonly name: StateName;
  readonly reason: Reason;
  /** One sentence for people, values included; no secret. */
  readonly message: string;
  readonly sinceMs: number;
  readonly deadlineMs: number | null;
  readonly owner: Owner;
  /** Index into `plan.steps`; -1 before the first, `plan.steps.length` after the last. */
  readonly step: number;
  /** Rises whenever a step is entered, so that (step, attempt) is never the same twice in a run. */
  readonly attempt: number;
  readonly route: RouteIntent;
  readonly stable: ArmIntent;
  /** replicas 0 = no canary arm. */
  readonly canary: ArmIntent;
  /** When the current route was first proven to be in force; null while it is not. The step's clock starts here. */
  readonly inForceSinceMs: number | null;
  /** Judged time of the current step so far. */
  readonly heldMs: number;
  /** Last instant at which this rollout was looked at: an outage of Sluice expires no deadline. */
  readonly lastSeenAtMs: number;
  /** For Paused and AwaitingApproval: where to go on. */
  readonly resume: StateName | null;
  /** Sub-phase of Promoting, Draining and RollingBack. */
  readonly phase: 'none' | 'shift' | 'roll' | 'shiftBack' | 'drain' | 'closeStreams' | 'scaleDown' | 'restoreTemplate';
  readonly hooks: readonly AskedHook[];
  /** Ids of actions taken into account, the last 100. */
  readonly consumedActions: readonly string[];
  /** Checks and steps that a `promote` or `advance` skipped, by name. */
  readonly skipped: readonly string[];
  /** Set once: the decision to go back. N4: from then on the weight only falls. */
  readonly decidedAtMs: number | null;
  readonly decidedBy: Actor | null;
  /** Onset: end of the first block in which the canary failed a request. */
  readonly onsetAtMs: number | null;
  /** The failing verdict's instant. */
  readonly detectedAtMs: number | null;
  /** Weight 0 proven in force after the decision: users are safe. */
  readonly restoredAtMs: number | null;
  /** Which end a RollingBack run will have. */
  readonly endsAs: TerminalName | null;
  /** How many transitions were recorded so far. */
  readonly transitions: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** Highest weight that was in force, and each distinct weight that was, in order (for the summary). */
  readonly weightsInForce: readonly number[];
}
