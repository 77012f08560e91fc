import type { CheckVerdict, Verdict } from '../analysis/judge.ts';
import { SluiceError } from '../lib/error.ts';
import type { ServiceSpec } from '../resource/service-spec.ts';
import type { ActionKind } from '../rollout/observation.ts';
import type { Actor } from '../rollout/state.ts';
import type {
  CanaryRecord,
  EventQuery,
  PlatformObservation,
  RecordedEvent,
  RolloutRecord,
  ServiceKey,
  Snapshot,
} from './ports.ts';

/** One service as the resource folder compiled it from the user's documents. */
export interface AppliedService {
  readonly spec: ServiceSpec;
  readonly target: Snapshot;
  /** The documents as written. */
  readonly source: readonly string[];
}

export interface ApplyResult {
  readonly key: ServiceKey;
  readonly outcome: 'created' | 'changed' | 'unchanged';
  readonly revision: string;
  readonly generation: number;
}

export interface DeployResult {
  readonly key: ServiceKey;
  readonly revision: string;
  readonly generation: number;
  /** False: the target asked for this revision before. */
  readonly changed: boolean;
}

export interface ActCommand {
  readonly kind: ActionKind;
  /** A service (its current rollout is meant) or a rollout by name. */
  readonly on: { readonly key: ServiceKey } | { readonly rollout: string };
  readonly reason: string;
  readonly actor: Actor;
}

export interface ActResult {
  readonly key: ServiceKey;
  /** The rollout that it went to; for `retry` and for `rollback` after a promotion the new one. */
  readonly rollout: string;
  /** Id of the stored action; null where it started a new rollout. */
  readonly action: string | null;
}

/** A service as the engine sees it now, from memory: no read, no wait. */
export interface ServiceView {
  readonly canary: CanaryRecord;
  /** Current or last rollout. */
  readonly rollout: RolloutRecord | null;
  readonly verdict: Verdict | null;
  readonly checks: readonly CheckVerdict[];
  /** Last known; null before the first reading. */
  readonly observation: PlatformObservation | null;
  readonly observedAtMs: number | null;
  /** What is wrong around it, one sentence each: platform unreadable, state not writable, stopped by a bug. */
  readonly troubles: readonly string[];
}

export interface HistoryView {
  readonly key: ServiceKey;
  readonly rollouts: readonly RolloutRecord[];
}

/**
 * The one command layer: HTTP, the demo and tests speak to it and to nothing behind it. Each command resolves when it is
 * durable, but for `rollback`, which resolves when it is decided and its write to the data plane is on the way. All reject
 * with SluiceError: `not-found`, `action-refused`, `conflict`, `usage`, `state-unwritable`, and what the platform says of a
 * service (`port-in-use`, ...).
 */
export interface Commands {
  apply(services: readonly AppliedService[], actor: Actor): Promise<readonly ApplyResult[]>;
  /** What `apply` would do to each, without doing it. */
  preview(services: readonly AppliedService[]): readonly Omit<ApplyResult, 'generation'>[];
  /** A running rollout goes to weight 0 first. Resolves when the deletion is durable, not when it is done. */
  deleteService(key: ServiceKey, actor: Actor): Promise<void>;
  /** Rollouts again. */
  enable(key: ServiceKey, actor: Actor): Promise<void>;
  /** No rollouts: what runs is rolled back, and a change goes out as a plain rolling update. */
  disable(key: ServiceKey, actor: Actor): Promise<void>;
  /** The target asks for this snapshot from now on. */
  deploy(key: ServiceKey, snapshot: Snapshot, actor: Actor): Promise<DeployResult>;
  act(command: ActCommand): Promise<ActResult>;

  list(): readonly ServiceView[];
  /** Rejects nothing: throws SluiceError `not-found`. */
  get(key: ServiceKey): ServiceView;
  /** A kept rollout by name; undefined if there is none. */
  rollout(name: string): RolloutRecord | undefined;
  /** Newest first. */
  history(key: ServiceKey, limit: number): Promise<HistoryView>;
  events(query: EventQuery): Promise<readonly RecordedEvent[]>;
  /** Calls back when the view of a service may have changed (also without an event). Returns the way to stop. */
  subscribe(listener: (key: ServiceKey) => void): () => void;
}

export function notFound(what: string): SluiceError {
  return new SluiceError({ code: 'not-found', message: `there is no ${what}` });
}
