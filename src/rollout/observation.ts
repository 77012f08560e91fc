import type { Verdict } from '../analysis/judge.ts';
import type { Routing } from './plan.ts';
import type { Actor } from './state.ts';

export interface ArmObservation {
  /** Revision that the arm is set to run; null where the arm does not exist. */
  readonly revision: string | null;
  /** Replicas it is set to. */
  readonly replicas: number;
  /** Replicas of `revision` that are ready now. */
  readonly ready: number;
  /** Ready for minReadySeconds and known to the data plane as endpoints. */
  readonly available: number;
  /** Ready endpoints of any other revision (during a roll). */
  readonly readyOfOtherRevisions: number;
  /** Requests in flight in the arm; null where the data plane cannot tell. */
  readonly inFlight: number | null;
  /** Restarts by crash since the arm was set to `revision`. */
  readonly restarts: number;
  /** The workload says that it cannot get there (command missing, crash loop, image); null = no such word. */
  readonly failure: string | null;
  /** What `setFloor` last set for the arm; 0 = none. */
  readonly floor: number;
}

export type EvidenceLevel = 'written' | 'accepted' | 'programmed' | 'observed';

export interface RouteObservation {
  /** What the data plane holds as asked for. `none` and weight 0 are the same to it. */
  readonly routing: Routing;
  /** Rollout uid of a tombstone that the data plane carries. */
  readonly tombstone: string | null;
  /** Proven in every replica of the data plane. */
  readonly inForce: boolean;
  readonly evidence: EvidenceLevel;
  /** Somebody other than Sluice wrote it. */
  readonly foreignWriter: string | null;
}

export type HookAnswerKind = 'passed' | 'refused' | 'failed';

export interface HookAnswer {
  /** Id of the effect that asked; N11 binds it to (type, name, step, attempt). */
  readonly id: string;
  readonly kind: HookAnswerKind;
  readonly atMs: number;
  readonly message: string;
}

export type ActionKind =
  | 'promote'
  | 'advance'
  | 'pause'
  | 'resume'
  | 'rollback'
  | 'retry'
  | 'approve'
  | 'reject';

export interface Action {
  readonly id: string;
  readonly kind: ActionKind;
  readonly actor: Actor;
  readonly reason: string;
  readonly atMs: number;
}

/** The whole picture that `decide` sees: never an event. */
export interface Observation {
  /** Revision that the target asks for now; null: the target is gone. */
  readonly wantedRevision: string | null;
  /** Revision that serves as stable; null before the first promotion. */
  readonly promotedRevision: string | null;
  /** The Canary is being deleted. */
  readonly deleting: boolean;
  /** `suspend: true`: everything stays as it is. */
  readonly suspended: boolean;
  /** null: the platform could not be read this time. A rollback needs it not (N5). */
  readonly stable: ArmObservation | null;
  readonly canary: ArmObservation | null;
  readonly route: RouteObservation | null;
  /** The machine was started anew since the run began. */
  readonly rebooted: boolean;
  /** null before the first block of the step. */
  readonly verdict: Verdict | null;
  /** `state.attempt` for which the judge was started that gave `verdict`: a verdict of another attempt counts for nothing (N1). */
  readonly verdictAttempt: number | null;
  readonly hookAnswers: readonly HookAnswer[];
  readonly actions: readonly Action[];
  /** Of both arms, as lately measured; null: not known. */
  readonly requestsPerSecond: number | null;
  /** Ids of `notify` effects that were handed to the outbox. */
  readonly sent: readonly string[];
}
