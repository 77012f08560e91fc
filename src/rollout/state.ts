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
  | 'environment'
  | 'not-enough-data'
  | 'canary-not-ready'
  | 'stable-not-ready'
  | 'step-approval'
  | 'confirm-traffic-increase'
  | 'confirm-promotion'
  | 'promotion-approval'
  | 'platform-unreadable'
  | 'paused-by-person'
  | 'lowered-elsewhere'
  | 'foreign-writer'
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
  | 'target-gone'
  | 'rebooted'
  | 'deleted'
  | 'tombstone'
  | 'rescuing-to-canary'
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

/**
 * The latest call of one hook or gate. Bound to (step, attempt) by its id, `<uid>/<step>/<attempt>/hook/<name>/<n>`; a
 * person's approval is kept as one of these under the name `approval`. One entry a name, so the list stays short.
 */
export interface AskedHook {
  readonly id: string;
  readonly name: string;
  readonly step: number;
  readonly attempt: number;
  /** Which call within (step, attempt), from 1. */
  readonly n: number;
  /** First call within (step, attempt): the gate's own deadline counts from here. */
  readonly firstAskedAtMs: number;
  readonly askedAtMs: number;
  /** null while no answer was seen. */
  readonly passed: boolean | null;
  readonly answeredAtMs: number | null;
  /** Failed answers over the whole run (for `pre-rollout`, which count as failed checks). */
  readonly failures: number;
}

/** What let the rollout go beyond a step: N1 allows no rise of the weight without one. */
export interface Clearance {
  readonly step: number;
  readonly attempt: number;
  /** `pass` is a verdict's; the others are the closed list of exceptions, recorded with their actor. */
  readonly kind: 'pass' | 'advance' | 'promote' | 'inconclusive' | 'skipAnalysis';
  readonly actor: Actor;
  readonly atMs: number;
}

/** Sub-phase of a state. */
export type Phase =
  | 'none'
  /** Starting: stable ready, floor set, weight 0 in force, before a canary is made. */
  | 'prepare'
  /** Starting, Stepping, Promoting: the canary gets its replicas; the previous weight stays and is judged on. */
  | 'scale'
  /** Stepping, Promoting, RollingBack: the route is written and not proven yet. */
  | 'shift'
  /** Promoting, Draining: stable is rolled to the new revision. */
  | 'roll'
  /** Promoting, Draining: traffic goes back to stable, which runs the new revision by then. */
  | 'shiftBack'
  | 'drain'
  | 'closeStreams'
  | 'scaleDown'
  /** RollingBack: stable is set back to the old revision. */
  | 'restoreTemplate'
  /** Promoting, Draining: stable could not be rolled, so traffic goes to the canary. */
  | 'rescue';

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
  /** Last routing that was proven to be in force; a lower one found later was lowered elsewhere. */
  readonly routeInForce: Routing | null;
  /** Another writer of the route whom a person knowingly went on beside; null: none. */
  readonly toleratedWriter: string | null;
  /** Canary requests that the step was forecast to serve, about: it does not end with fewer. 0: no forecast. */
  readonly forecastRequests: number;
  /** Judged time of the current step so far, without pauses. Written at transitions and with the heartbeat, not at every look. */
  readonly heldMs: number;
  /** Judged time of the current step that a pause took out. */
  readonly excludedMs: number;
  /** Last instant at which this rollout was looked at with a readable platform, to 30 s: an outage of Sluice expires no deadline. */
  readonly lastSeenAtMs: number;
  /** For Paused and AwaitingApproval: where to go on. */
  readonly resume: StateName | null;
  readonly phase: Phase;
  /** Last known ready count of stable was 0: the one thing for which a rollback's write waits. */
  readonly stableGone: boolean;
  /** Stable was set to the new revision: a rollback has to set it back. */
  readonly stableRolled: boolean;
  /** Since when the canary has fewer available replicas than its share needs; null: it has enough. */
  readonly notReadySinceMs: number | null;
  /** Available replicas of the workload being waited for, as last seen; a rise moves the progress deadline. */
  readonly progress: number;
  /** Steps, gates and checks are skipped from here: by the plan (`skipAnalysis`) or by a person's `promote`. */
  readonly skipRest: 'none' | 'plan' | 'person';
  readonly clearance: Clearance | null;
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
