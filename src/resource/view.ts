import type {
  CheckEvidence,
  CheckVerdict,
  JudgeName,
  Limit,
  VerdictEvidence,
  VerdictKind,
} from '../analysis/judge.ts';
import type { ErrorCode, Retry } from '../lib/error-codes.ts';
import type { Arm } from '../rollout/effect.ts';
import type { ActionKind, EvidenceLevel } from '../rollout/observation.ts';
import type { Plan, Routing, Strategy } from '../rollout/plan.ts';
import type { Actor, Owner, Reason, StateName, TerminalName } from '../rollout/state.ts';

/**
 * Version of all JSON that leaves Sluice: API answers and `-o json`. Changes are additive; one that is not raises the
 * number. Instants are milliseconds since the epoch, percentages 0 to 100.
 */
export const viewSchema = 'sluice.dev/view/v1';

/** What every document carries. */
export interface Versioned {
  readonly schema: typeof viewSchema;
  readonly kind: string;
}

export interface RevisionView {
  readonly revision: string;
  /** For people: a version label, or the revision. */
  readonly label: string;
}

export interface ArmView {
  readonly arm: Arm;
  readonly revision: RevisionView | null;
  readonly replicas: number;
  readonly ready: number;
  readonly available: number;
  /** null where the data plane cannot tell. */
  readonly inFlight: number | null;
  readonly restarts: number;
  /** Why the workload cannot start; null = no such word. */
  readonly failure: string | null;
}

export interface TrafficView {
  /** What the rollout asks for. */
  readonly set: Routing;
  /** What the data plane holds; null: it could not be read. */
  readonly actual: Routing | null;
  /** `actual` is proven in every replica of the data plane. */
  readonly inForce: boolean;
  readonly inForceSinceMs: number | null;
  readonly evidence: EvidenceLevel | null;
  /** A rollback's write stands: the weight may not rise again in this run. */
  readonly tombstone: boolean;
}

export interface StepView {
  readonly index: number;
  readonly routing: Routing;
  readonly holdMs: number;
  /** Judged time so far; the whole hold once done. */
  readonly heldMs: number;
  readonly approval: boolean;
  readonly minRequests: number;
  /** Canary requests that the step was forecast to serve and waits for; 0: none, or not its turn yet. */
  readonly forecastRequests: number;
  /** Canary requests so far; null: not its turn. */
  readonly requests: number | null;
  readonly status: 'done' | 'current' | 'next' | 'notReached';
}

export interface CheckView {
  readonly name: string;
  readonly verdict: VerdictKind;
  /** In the unit of the measure; shown as `value × shownScale` with `shownUnit`. */
  readonly value: number | null;
  readonly stableValue: number | null;
  readonly limit: Limit;
  readonly shownUnit: string;
  readonly shownScale: number;
  readonly requests: number;
  readonly errors: number;
  readonly interval: CheckVerdict['interval'];
  /** Natural log of the evidence against the canary; null from judges that weigh none. */
  readonly logEvidence: number | null;
  /** Counts over the run, onset, blame; null from judges that weigh none. */
  readonly evidence: CheckEvidence | null;
  readonly message: string;
  /** Something to look at that neither holds nor takes back; null: nothing. */
  readonly warning: string | null;
}

export interface JudgeView {
  /** Who decides. */
  readonly name: JudgeName;
  /** From judges that weigh evidence, once something was judged. */
  readonly evidence: VerdictEvidence | null;
  /** What the numbers mean in one sentence, with its limits; null without a verdict or a guarantee. */
  readonly sentence: string | null;
  /** What is promised of how rarely a healthy release is taken back, and of what not. */
  readonly guarantee: string;
  readonly shadows: readonly ShadowView[];
}

/** What a judge that looks on would have done. */
export interface ShadowView {
  readonly name: JudgeName;
  readonly verdict: VerdictKind;
  readonly logEvidence: number | null;
  readonly failedAtMs: number | null;
  readonly message: string;
}

export interface RolloutView {
  /** `<canary>-<revision>-<attempt>` */
  readonly name: string;
  readonly uid: string;
  readonly revision: RevisionView;
  /** What stable ran at the start; null for the first revision of a service. */
  readonly from: RevisionView | null;
  readonly attempt: number;
  readonly strategy: Strategy;
  readonly state: StateName;
  /** Set once it ended. */
  readonly outcome: TerminalName | null;
  readonly reason: Reason;
  readonly message: string;
  readonly owner: Owner;
  readonly sinceMs: number;
  readonly deadlineMs: number | null;
  readonly phase: string;
  readonly step: number;
  readonly steps: readonly StepView[];
  /** Earliest instant at which the current step can end; null when that depends on something other than time. */
  readonly nextAtMs: number | null;
  /** Earliest end of the whole run, holds and bake only; null when it waits for a person or has ended. */
  readonly endsAtMs: number | null;
  readonly traffic: TrafficView;
  readonly checks: readonly CheckView[];
  readonly judge: JudgeView;
  /** Failed evaluations of the run, and how many make it fail. */
  readonly failedChecks: { readonly used: number | null; readonly allowed: number };
  readonly skipped: readonly string[];
  readonly createdBy: Actor;
  readonly decidedBy: Actor | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** First request that the canary failed. */
  readonly onsetAtMs: number | null;
  readonly detectedAtMs: number | null;
  readonly decidedAtMs: number | null;
  /** Weight 0 in force: users are safe. */
  readonly restoredAtMs: number | null;
  readonly weightsInForce: readonly number[];
}

export interface ServiceView {
  /** `<namespace>/<name>` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly flavour: 'sluice' | 'flagger';
  readonly generation: number;
  /** Where users reach it, such as `http://127.0.0.1:8080`. */
  readonly address: string;
  /** Flagger's word for where it is. */
  readonly phase: string;
  readonly suspended: boolean;
  readonly disabled: boolean;
  readonly deleting: boolean;
  readonly wanted: RevisionView;
  readonly promoted: RevisionView | null;
  readonly previous: RevisionView | null;
  /** Empty while the platform cannot be read. */
  readonly arms: readonly ArmView[];
  readonly traffic: TrafficView | null;
  /** Current or last rollout. */
  readonly rollout: RolloutView | null;
  /** Something the reader should know, such as a platform that cannot be read; null = nothing. */
  readonly problem: string | null;
}

export interface ServiceListDocument extends Versioned {
  readonly kind: 'ServiceList';
  /** Of the engine when it answered, so that ages can be shown without trusting two clocks. */
  readonly nowMs: number;
  /** Sequence of the last event that this answer contains: where a stream goes on. */
  readonly sequence: number;
  readonly services: readonly ServiceView[];
}

export interface ServiceDocument extends Versioned {
  readonly kind: 'Service';
  readonly nowMs: number;
  readonly sequence: number;
  readonly service: ServiceView;
  /** The user's YAML documents as applied. */
  readonly source: readonly string[];
  /** What the next rollout will follow. */
  readonly plan: Plan;
}

export interface RolloutListDocument extends Versioned {
  readonly kind: 'RolloutList';
  readonly nowMs: number;
  /** Newest first. */
  readonly rollouts: readonly RolloutView[];
}

/** What it is doing, since when, what it waits for, who owns that, until when, and what happens then. */
export interface WhyDocument extends Versioned {
  readonly kind: 'Why';
  readonly service: string;
  readonly rollout: string | null;
  readonly state: StateName | null;
  readonly reason: Reason | null;
  readonly owner: Owner | null;
  readonly sinceMs: number | null;
  readonly deadlineMs: number | null;
  readonly paragraph: string;
}

export interface EventView {
  readonly sequence: number;
  readonly id: string;
  readonly atMs: number;
  /** Service key. */
  readonly service: string;
  readonly rollout: string | null;
  readonly kind: 'transition' | 'verdict' | 'action' | 'effect' | 'resource' | 'engine';
  readonly actor: Actor;
  readonly message: string;
  readonly data: unknown;
}

export interface EventListDocument extends Versioned {
  readonly kind: 'EventList';
  readonly events: readonly EventView[];
}

export interface FindingView {
  readonly severity: 'error' | 'warning' | 'info';
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
}

export interface ManifestFile {
  /** As the user named it: findings carry it. */
  readonly file: string;
  readonly text: string;
  /** Absolute path of the file's folder, which relative working directories mean. */
  readonly folder?: string | undefined;
}

export interface ApplyRequest {
  readonly files: readonly ManifestFile[];
  readonly dryRun?: boolean;
}

export interface ApplyDocument extends Versioned {
  readonly kind: 'Apply';
  readonly services: readonly {
    readonly key: string;
    readonly change: 'created' | 'changed' | 'unchanged';
    readonly revision: string;
  }[];
  readonly findings: readonly FindingView[];
}

/** Changes the running target; at least one member. */
export interface DeployRequest {
  readonly set: {
    readonly command?: readonly string[];
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  };
}

export interface DeployDocument extends Versioned {
  readonly kind: 'Deploy';
  readonly service: string;
  readonly revision: string;
  /** False: the service already runs or wants exactly this. */
  readonly changed: boolean;
}

export interface ActionRequest {
  readonly action: ActionKind;
  readonly reason?: string;
}

export interface ActionDocument extends Versioned {
  readonly kind: 'Action';
  readonly service: string;
  /** The rollout that it went to; for `retry` and for `rollback` after a promotion the new one. */
  readonly rollout: string;
  readonly action: ActionKind;
}

/** One line of what a replica printed. */
export interface LogLineView {
  readonly arm: Arm;
  readonly revision: string;
  readonly replica: string;
  readonly line: string;
}

export interface MeasurementView {
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

export interface MeasurementListDocument extends Versioned {
  readonly kind: 'MeasurementList';
  readonly rollout: string;
  readonly measurements: readonly MeasurementView[];
}

/** A change without an answer of its own: delete, enable, disable, stop. */
export interface DoneDocument extends Versioned {
  readonly kind: 'Done';
  readonly what: string;
}

export interface NameListDocument extends Versioned {
  readonly kind: 'NameList';
  readonly names: readonly NameView[];
}

/** A host name that hooks may use, and where it really is: `flagger-loadtester.test` is a port of this machine. */
export interface NameView {
  readonly name: string;
  readonly url: string;
}

export interface EngineDocument extends Versioned {
  readonly kind: 'Engine';
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly state: string;
  readonly services: number;
  readonly running: number;
  /** What keeps it from being ready, one sentence each. */
  readonly troubles: readonly string[];
}

/**
 * What the live stream sends, as the data of the server-sent event of that name. `snapshot` comes first after each
 * (re)connection; `service` replaces the service of that key, `gone` removes it; `event` is recorded history and the only
 * one besides `snapshot` that carries an id.
 */
export type StreamMessage =
  | { readonly type: 'snapshot'; readonly data: ServiceListDocument }
  | { readonly type: 'service'; readonly data: { readonly nowMs: number; readonly service: ServiceView } }
  | { readonly type: 'gone'; readonly data: { readonly nowMs: number; readonly key: string } }
  | { readonly type: 'event'; readonly data: EventView }
  | { readonly type: 'ping'; readonly data: { readonly nowMs: number } };

/** The body of every answer that is not 2xx. */
export interface ErrorView {
  readonly schema: typeof viewSchema;
  readonly kind: 'Error';
  readonly code: ErrorCode;
  readonly message: string;
  readonly cure: string;
  readonly retry: Retry;
  readonly retryAfterMs?: number;
  readonly requestId: string;
  /** With `invalid-resource`. */
  readonly findings?: readonly FindingView[];
}
