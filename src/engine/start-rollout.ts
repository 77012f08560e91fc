import { startRollout } from '../rollout/lifecycle.ts';
import type { Plan } from '../rollout/plan.ts';
import type { Actor } from '../rollout/state.ts';
import type { CanaryRecord, RolloutRecord, Snapshot } from './ports.ts';
import { currentRollout, isEnded, type Service } from './service.ts';

/** Letters of the Canary's name that go into a rollout's. */
const longestNamePart = 40;

/** May the engine start a rollout of the target's revision of itself? */
export function startsByItself(service: Service): boolean {
  const { canary } = service;
  if (canary.deleting || canary.spec.suspend) return false;
  if (canary.target.revision === canary.promoted?.revision) return false;
  const current = currentRollout(service);
  if (current === null) return true;
  return isEnded(current) && failedRevision(service) !== canary.target.revision;
}

/** The revision of the newest run where it ended without promoting: it runs again only when somebody asks. */
export function failedRevision(service: Service): string | null {
  const current = currentRollout(service);
  const name = current?.state.name;
  const failed = name === 'RolledBack' || name === 'Aborted' || name === 'Failed';
  return failed ? (current?.identity.revision ?? null) : null;
}

/** The plan of the next rollout: the Canary's, or while disabled a rolling update that nothing judges. */
export function planOf(canary: CanaryRecord): Plan {
  const { plan } = canary.spec;
  if (!canary.disabled) return plan;
  return {
    ...plan,
    strategy: plan.strategy === 'Recreate' ? 'Recreate' : 'Rolling',
    steps: [],
    judging: { ...plan.judging, checks: [] },
    hooks: [],
    approvalBeforePromotion: false,
    promotion: 'rolling',
    bakeMs: 0,
  };
}

export interface NewRolloutOptions {
  readonly plan: Plan;
  readonly snapshot: Snapshot;
  readonly createdBy: Actor;
  readonly uid: string;
  readonly bootId: string;
  readonly nowMs: number;
  /** Rollout names are unique on the platform, whatever the namespace. */
  readonly isTaken: (name: string) => boolean;
}

/** The record of a new run, with the next free attempt. */
export function newRollout(service: Service, options: NewRolloutOptions): RolloutRecord {
  const { snapshot, plan, nowMs } = options;
  const { canary } = service;
  const { revision } = snapshot;
  const earlier = service.rollouts.filter((rollout) => rollout.identity.revision === revision);
  let attempt = 1 + Math.max(0, ...earlier.map((rollout) => rollout.attempt));
  while (options.isTaken(rolloutName(canary, revision, attempt))) attempt += 1;
  const identity = {
    uid: options.uid,
    name: rolloutName(canary, revision, attempt),
    revision,
    stableRevision: canary.promoted?.revision ?? null,
  };
  return {
    key: service.key,
    identity,
    attempt,
    plan,
    snapshot,
    state: startRollout({ identity, plan, nowMs }),
    judge: null,
    judged: null,
    metricCursor: null,
    checks: [],
    evidence: null,
    shadows: [],
    traffic: null,
    sent: [],
    createdAtMs: nowMs,
    createdBy: options.createdBy,
    bootId: options.bootId,
    version: 0,
  };
}

function rolloutName(canary: CanaryRecord, revision: string, attempt: number): string {
  return `${canary.spec.name.slice(0, longestNamePart)}-${revision}-${attempt}`;
}

/** The Canary once `run` is promoted: what it ran serves, and what served is kept for a way back. */
export function promotedCanary(canary: CanaryRecord, run: RolloutRecord): CanaryRecord {
  if (canary.promoted?.revision === run.snapshot.revision) return { ...canary, promoted: run.snapshot };
  return { ...canary, promoted: run.snapshot, previous: canary.promoted };
}
