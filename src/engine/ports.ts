import type { Block, Sample } from '../analysis/block.ts';
import type { CheckVerdict, JudgeName, JudgeState, VerdictEvidence, VerdictKind } from '../analysis/judge.ts';
import type { ServiceSpec } from '../resource/service-spec.ts';
import type { RolloutIdentity } from '../rollout/decide.ts';
import type { Arm, Effect } from '../rollout/effect.ts';
import type { Action, ArmObservation, HookAnswer, RouteObservation } from '../rollout/observation.ts';
import type { Plan } from '../rollout/plan.ts';
import type { Actor, RolloutState } from '../rollout/state.ts';

/** `<namespace>/<name>` of a Canary. */
export type ServiceKey = string;

/** What pods or processes run: canonical JSON of the template, named by the hash of it. Immutable. */
export interface Snapshot {
  readonly revision: string;
  /** As the platform understands it (one machine: `ProcessTemplate`). */
  readonly template: unknown;
  /** For people: a version label, an image tag, or the revision. */
  readonly label: string;
}

/** A Canary and its target as Sluice holds them. The user's words, and what is promoted. */
export interface CanaryRecord {
  readonly key: ServiceKey;
  readonly uid: string;
  /** Rises with each change of the user's resources. */
  readonly generation: number;
  /** The user's documents as applied, for `get -o yaml`. */
  readonly source: readonly string[];
  readonly spec: ServiceSpec;
  /** What the target asks for now. */
  readonly target: Snapshot;
  /** What serves as stable; null before the first promotion. */
  readonly promoted: Snapshot | null;
  /** What served before that, kept for `rollback` after a promotion. */
  readonly previous: Snapshot | null;
  /** Set by `sluice disable`: no rollouts; a change goes out as a plain rolling update. */
  readonly disabled: boolean;
  readonly deleting: boolean;
  /** Current or last rollout. */
  readonly currentRollout: string | null;
  /** For optimistic writes: a put with an older one is a conflict. */
  readonly version: number;
}

export interface RolloutRecord {
  readonly key: ServiceKey;
  readonly identity: RolloutIdentity;
  readonly attempt: number;
  readonly plan: Plan;
  readonly snapshot: Snapshot;
  readonly state: RolloutState;
  readonly judge: JudgeState | null;
  /** Where reading the metric source goes on; opaque, of the MetricSource. */
  readonly metricCursor: unknown;
  /**
   * What `judge` belongs to: the state's `attempt`, and the instant from which blocks count for it (the route was seen in
   * force before it). `fromMs` null: the route is not in force, no block counts. null: nothing was judged yet.
   */
  readonly judged: { readonly attempt: number; readonly fromMs: number | null } | null;
  /** Last verdict's checks, for `get` and `why`. */
  readonly checks: readonly CheckVerdict[];
  /** Of the last verdict; null where the judge weighs none. */
  readonly evidence: VerdictEvidence | null;
  /** One for each judge that looks on, in the plan's order, once something was judged. */
  readonly shadows: readonly ShadowRecord[];
  /** What both arms served lately, for the forecast of the next step; null: not measured yet. */
  readonly traffic: MeasuredTraffic | null;
  /** Ids of notifications that were handed to the outbox, so that a restart tells nobody twice. */
  readonly sent: readonly string[];
  readonly createdAtMs: number;
  /** Who asked for it. */
  readonly createdBy: Actor;
  /** Boot of the machine at the start, to notice a reboot; '' where that means nothing. */
  readonly bootId: string;
  readonly version: number;
}

/** A judge that looks on: it is fed what the deciding one is fed, and decides nothing. */
export interface ShadowRecord {
  readonly judge: JudgeName;
  readonly state: JudgeState;
  readonly kind: VerdictKind;
  readonly logEvidence: number | null;
  /** Instant of its `fail`, after which it is fed no more; null: it would not have rolled back so far. */
  readonly failedAtMs: number | null;
  /** The failing check's words; '' without one. */
  readonly message: string;
}

/** Requests of both arms over a time of at most a few minutes. */
export interface MeasuredTraffic {
  readonly requests: number;
  readonly durationMs: number;
}

/** One entry of the audit chain before it has a sequence and a hash. */
export interface RecordEvent {
  /** Same id, same event: recorded once. */
  readonly id: string;
  readonly atMs: number;
  readonly key: ServiceKey;
  readonly rollout: string | null;
  readonly kind: 'transition' | 'verdict' | 'action' | 'effect' | 'resource' | 'engine';
  readonly actor: Actor;
  readonly message: string;
  /** JSON; no secret (N15). */
  readonly data: unknown;
}

export interface RecordedEvent extends RecordEvent {
  /** Global, without gaps, from 1. */
  readonly sequence: number;
  readonly previousHash: string;
  /** SHA-256, hex, of the canonical JSON of everything above. */
  readonly hash: string;
}

export interface Measurement {
  readonly rollout: string;
  readonly check: string;
  readonly arm: Arm;
  readonly atMs: number;
  readonly durationMs: number;
  readonly requests: number;
  readonly errors: number;
  readonly latency: { readonly bounds: readonly number[]; readonly cumulative: readonly number[] } | null;
  readonly value: number | null;
}

/** Where the workloads and the traffic are. One per machine or cluster. */
export interface Platform {
  /** What is known of the service now, from memory where that is fresh. Throws SluiceError; must not hang (the engine bounds it). */
  observe(key: ServiceKey): Promise<PlatformObservation>;
  /** Makes a service known (listening socket, names) or changes its settings. Idempotent. Errors: `port-in-use`, `port-forbidden`, ... */
  ensureService(key: ServiceKey, spec: ServiceSpec): Promise<void>;
  /** Hands a snapshot's template to the platform, so that `setArm` can name its revision. Idempotent. */
  ensureSnapshot(key: ServiceKey, snapshot: Snapshot): Promise<void>;
  /** Does `setRoute`, `setArm`, `closeStreams`, `setFloor`. Returns when written, not when in force. Idempotent. */
  act(key: ServiceKey, effect: PlatformEffect, identity: RolloutIdentity | null): Promise<void>;
  /**
   * The rollback lane: weight 0, no match, mirror or sticky rules, with `identity.uid` as tombstone, in one write that reads
   * nothing first. Resolves when the data plane has acknowledged it (in force); rejects if it cannot be written.
   */
  lowerToZero(key: ServiceKey, identity: RolloutIdentity): Promise<void>;
  /** Stops the service's arms and frees its socket. */
  removeService(key: ServiceKey): Promise<void>;
  /** Calls back when something of a service changed; a lost call changes nothing but the delay. */
  watch(listener: (key: ServiceKey) => void): () => void;
  /** Identity of this boot of the machine: it changes when all that ran was started anew; '' where that means nothing. */
  readonly bootId: string;
}

export type PlatformEffect = Extract<
  Effect,
  { readonly kind: 'setRoute' | 'setArm' | 'closeStreams' | 'setFloor' }
>;

export interface PlatformObservation {
  readonly stable: ArmObservation;
  readonly canary: ArmObservation;
  readonly route: RouteObservation;
}

export interface MetricReading {
  readonly blocks: readonly Block[];
  readonly samples: readonly Sample[];
  /** Persisted and given back; plain JSON. */
  readonly cursor: unknown;
}

/** Where measurements come from. */
export interface MetricSource {
  /**
   * Everything since `cursor`; null: from now on (the first reading only sets the cursor). Never returns a block twice.
   * Throws SluiceError `metrics-unavailable`.
   */
  read(key: ServiceKey, plan: Plan, cursor: unknown, nowMs: number): Promise<MetricReading>;
}

export interface HookRequest {
  readonly effect: Extract<Effect, { readonly kind: 'callHook' }>;
  readonly name: string;
  readonly namespace: string;
  readonly revision: string;
  readonly step: number;
  /** Hash over the revision, Flagger's `checksum`. */
  readonly checksum: string;
}

export interface HookCaller {
  /** Never rejects: a hook that cannot be reached is an answer `failed`. Idempotent by effect id. */
  call(request: HookRequest, signal: AbortSignal): Promise<HookAnswer>;
}

export interface StoreSnapshot {
  readonly canaries: readonly CanaryRecord[];
  /** Running ones, and the last 10 of each Canary. */
  readonly rollouts: readonly RolloutRecord[];
  /** Not yet consumed: an action is, once the stored state of its rollout names it in `consumedActions`. `rollout` is its name. */
  readonly actions: readonly { readonly rollout: string; readonly action: Action }[];
  readonly hookAnswers: readonly { readonly rollout: string; readonly answer: HookAnswer }[];
}

/**
 * What one transaction writes: all of it or nothing. A `put` with a `version` that is not the stored one + 1 fails with
 * `conflict` (a new record has version 1).
 */
export interface StoreWrite {
  readonly canaries?: readonly CanaryRecord[];
  readonly deletedCanaries?: readonly ServiceKey[];
  readonly rollouts?: readonly RolloutRecord[];
  readonly actions?: readonly { readonly rollout: string; readonly action: Action }[];
  readonly hookAnswers?: readonly { readonly rollout: string; readonly answer: HookAnswer }[];
  readonly events?: readonly RecordEvent[];
}

/** The truth on disk. One writer, by a lock. */
export interface Store {
  load(): Promise<StoreSnapshot>;
  /** Durable when resolved. Throws SluiceError `conflict`, `state-unwritable`. */
  write(write: StoreWrite): Promise<void>;
  close(): Promise<void>;
}

/** History. Never in the way of a decision. */
export interface Recorder {
  /** Batches; never rejects into the loop, drops nothing while the process lives, says so when it cannot write. */
  measure(measurements: readonly Measurement[]): void;
  events(query: EventQuery): Promise<readonly RecordedEvent[]>;
  measurements(rollout: string): Promise<readonly Measurement[]>;
  rollouts(key: ServiceKey, limit: number): Promise<readonly RolloutRecord[]>;
  /** Calls back with each event once it is durable, in sequence. */
  subscribe(listener: (event: RecordedEvent) => void): () => void;
}

export interface EventQuery {
  readonly key?: ServiceKey;
  readonly rollout?: string;
  readonly afterSequence?: number;
  readonly limit?: number;
}

export interface Notifier {
  notify(key: ServiceKey, effect: Extract<Effect, { readonly kind: 'notify' }>): void;
}

/** Wall clock at start + monotonic time, never below the last persisted instant. */
export interface Clock {
  nowMs(): number;
  /** Runs `task` once at or after the instant; returns a cancel. */
  at(instantMs: number, task: () => void): () => void;
}

export interface Random {
  /** 0 ≤ x < 1 */
  next(): number;
  /** Unique; from a cryptographic source in production. */
  id(): string;
}
