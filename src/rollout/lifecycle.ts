import type { RolloutIdentity } from './decide.ts';
import type { Plan } from './plan.ts';
import { noTraffic } from './routing.ts';
import type { RolloutState, StateName, TerminalName } from './state.ts';

const terminalNames: ReadonlySet<StateName> = new Set<TerminalName>([
  'Promoted',
  'RolledBack',
  'Aborted',
  'Failed',
  'Superseded',
]);

export function isTerminal(state: Pick<RolloutState, 'name'>): boolean {
  return terminalNames.has(state.name);
}

export interface StartInput {
  readonly identity: RolloutIdentity;
  readonly plan: Plan;
  readonly nowMs: number;
}

/** A run that has done nothing yet. */
export function startRollout({ identity, plan, nowMs }: StartInput): RolloutState {
  return {
    version: 1,
    name: 'Pending',
    reason: identity.stableRevision === null ? 'first-revision' : 'new-revision',
    message:
      identity.stableRevision === null
        ? `${identity.revision} is the first revision`
        : `${identity.revision} is to replace ${identity.stableRevision}`,
    sinceMs: nowMs,
    deadlineMs: null,
    owner: 'controller',
    step: -1,
    attempt: 0,
    route: noTraffic,
    stable: { revision: identity.stableRevision ?? identity.revision, replicas: plan.replicas },
    canary: { revision: identity.revision, replicas: 0 },
    inForceSinceMs: null,
    routeInForce: null,
    toleratedWriter: null,
    forecastRequests: 0,
    heldMs: 0,
    excludedMs: 0,
    lastSeenAtMs: nowMs,
    resume: null,
    phase: 'none',
    stableGone: false,
    stableRolled: false,
    notReadySinceMs: null,
    progress: 0,
    skipRest: plan.skipAnalysis ? 'plan' : 'none',
    clearance: null,
    hooks: [],
    consumedActions: [],
    skipped: [],
    decidedAtMs: null,
    decidedBy: null,
    onsetAtMs: null,
    detectedAtMs: null,
    restoredAtMs: null,
    endsAs: null,
    transitions: 0,
    startedAtMs: nowMs,
    endedAtMs: null,
    weightsInForce: [],
  };
}
