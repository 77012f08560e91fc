import type { Signal } from '../analysis/block.ts';
import type { Verdict } from '../analysis/judge.ts';
import type { ActionOutcome } from '../rollout/decide.ts';
import type { Effect } from '../rollout/effect.ts';
import type { Action, HookAnswer, Observation } from '../rollout/observation.ts';
import type { CanaryRecord, PlatformObservation, RolloutRecord, ServiceKey } from './ports.ts';
import { rateOf } from './traffic.ts';
import type { ServiceWriter } from './service-writer.ts';

/** Ended rollouts that are kept of each service. */
export const keptRollouts = 10;

/** What the engine holds in memory of one service. It is ahead of the disk by what its writer has not written yet. */
export interface Service {
  readonly key: ServiceKey;
  readonly writer: ServiceWriter;
  canary: CanaryRecord;
  /** Oldest first. */
  rollouts: readonly RolloutRecord[];
  actions: readonly { readonly rollout: string; readonly action: Action }[];
  answers: readonly { readonly rollout: string; readonly answer: HookAnswer }[];
  /** Of `rollout` webhooks, since the judge was last asked. */
  signals: readonly Signal[];
  /** Of the current step; null before its first block. */
  verdict: Verdict | null;
  /** Last known, for people. */
  observation: PlatformObservation | null;
  /** Of it what may be decided with: null where something was written since. Kept when a later reading fails: a rollback is decided with it. */
  sight: Sight;
  /** Writes to each part so far: a reading that was begun before one says nothing of that part. */
  readonly writes: Record<Part, number>;
  observedAtMs: number | null;
  /** The last reading failed or hangs: a forward decision sees nothing. */
  blind: boolean;
  /** By what they concern. */
  readonly troubles: Map<string, string>;
  /** Uid of the rollout that a bug stopped. */
  poisoned: string | null;
  /** Generation that the platform was told; null: not yet in this process. */
  toldGeneration: number | null;
  readonly toldSnapshots: Set<string>;
  /** The arms of an ended rollout are still to be looked after once. */
  unsettled: boolean;
  settleTries: number;
  settleNotBeforeMs: number;
  /** Effects under way or done lately, by their content. */
  readonly issued: Map<string, IssuedEffect>;
  /** Notifications that wait for the decision they belong to to be on disk. */
  notices: readonly Effect[];
  /** Uid of the current rollout once it has ended and nothing is left to do for it. */
  finished: string | null;
  readonly recordedEffects: Set<string>;
  /** Who waits to hear what became of an action, by its id. */
  readonly outcomes: Map<string, (outcome: ActionOutcome) => void>;
  lastWriteAtMs: number;
}

export type Part = 'stable' | 'canary' | 'route';
export type Sight = { readonly [Key in Part]: PlatformObservation[Key] | null };

export const noSight: Sight = { stable: null, canary: null, route: null };

/** Something is about to be written to the part: what was seen of it does not count any more. */
export function noteWrite(service: Service, part: Part): void {
  service.writes[part] += 1;
  service.sight = { ...service.sight, [part]: null };
}

export interface IssuedEffect {
  running: boolean;
  tries: number;
  notBeforeMs: number;
}

export function newService(canary: CanaryRecord, writer: ServiceWriter): Service {
  return {
    key: canary.key,
    writer,
    canary,
    rollouts: [],
    actions: [],
    answers: [],
    signals: [],
    verdict: null,
    observation: null,
    sight: noSight,
    writes: { stable: 0, canary: 0, route: 0 },
    observedAtMs: null,
    blind: true,
    troubles: new Map(),
    poisoned: null,
    toldGeneration: null,
    toldSnapshots: new Set(),
    unsettled: true,
    settleTries: 0,
    settleNotBeforeMs: 0,
    issued: new Map(),
    notices: [],
    finished: null,
    recordedEffects: new Set(),
    outcomes: new Map(),
    lastWriteAtMs: 0,
  };
}

export function isEnded(rollout: RolloutRecord): boolean {
  return rollout.state.endedAtMs !== null;
}

/** Current or last rollout. */
export function currentRollout(service: Service): RolloutRecord | null {
  const name = service.canary.currentRollout;
  return service.rollouts.find((rollout) => rollout.identity.name === name) ?? null;
}

export function runningRollout(service: Service): RolloutRecord | null {
  const current = currentRollout(service);
  return current === null || isEnded(current) ? null : current;
}

/** The current rollout while `decide` still has something to say of it: also for a while after its end. */
export function activeRollout(service: Service): RolloutRecord | null {
  const current = currentRollout(service);
  return current === null || service.finished === current.identity.uid ? null : current;
}

/** Puts the record in the place of its former state, or at the end; forgets the oldest ended ones. */
export function putRollout(service: Service, record: RolloutRecord): void {
  const name = record.identity.name;
  const known = service.rollouts.some((rollout) => rollout.identity.name === name);
  const all = known
    ? service.rollouts.map((rollout) => (rollout.identity.name === name ? record : rollout))
    : [...service.rollouts, record];
  service.rollouts = all.slice(-keptRollouts);
}

/** The whole picture for `decide`; `sight`: what is known of the world. */
export function observationOf(
  service: Service,
  run: RolloutRecord,
  sight: Sight,
  bootId: string,
): Observation {
  const name = run.identity.name;
  return {
    wantedRevision: service.canary.target.revision,
    promotedRevision: service.canary.promoted?.revision ?? null,
    deleting: service.canary.deleting,
    // A deletion is not held up: what is suspended would never be gone.
    suspended: service.canary.spec.suspend && !service.canary.deleting,
    ...sight,
    rebooted: run.bootId !== '' && bootId !== '' && run.bootId !== bootId,
    verdict: service.verdict,
    verdictAttempt: run.judged?.attempt ?? null,
    requestsPerSecond: rateOf(run.traffic),
    sent: run.sent,
    hookAnswers: service.answers.filter((entry) => entry.rollout === name).map((entry) => entry.answer),
    actions: service.actions.filter((entry) => entry.rollout === name).map((entry) => entry.action),
  };
}
