import type { Verdict } from '../../analysis/judge.ts';
import type { RolloutIdentity } from '../decide.ts';
import type { ArmObservation, Observation } from '../observation.ts';
import type { HookPlan, HookType, Plan, Step } from '../plan.ts';

/** Values that tests start from: a plan of 10/25/50 %, an observation in which all is well. */
export const identity: RolloutIdentity = {
  uid: 'u1',
  name: 'shop-new-1',
  revision: 'new',
  stableRevision: 'old',
};

export function step(weightPercent: number, patch: Partial<Step> = {}): Step {
  return {
    routing: { kind: 'weight', weightPercent },
    holdMs: 60_000,
    minPasses: 1,
    minRequests: 0,
    approval: false,
    maxMs: null,
    ...patch,
  };
}

export function plan(patch: Partial<Plan> = {}): Plan {
  return {
    version: 1,
    strategy: 'Canary',
    semantics: 'sluice',
    steps: [step(10), step(25), step(50)],
    promotion: 'bake',
    bakeMs: 60_000,
    skipAnalysis: false,
    judging: {
      judge: 'threshold',
      intervalMs: 10_000,
      failureThreshold: 3,
      failAt: 'atOnce',
      onNoData: 'wait',
      checks: [],
    },
    hooks: [],
    waitsForForecast: false,
    onInconclusive: 'hold',
    canarySize: 'share',
    replicas: 4,
    roll: { kind: 'rolling', maxSurge: 1, maxUnavailable: 0, minReadySeconds: 0 },
    progressDeadlineMs: 600_000,
    stableReadyPercent: 100,
    canaryReadyPercent: 100,
    verifyWithinMs: 10_000,
    drainMs: 20_000,
    approvalBeforePromotion: false,
    slowAfterMs: null,
    ...patch,
  };
}

export function hook(type: HookType, patch: Partial<HookPlan> = {}): HookPlan {
  return {
    name: type,
    type,
    url: 'http://127.0.0.1:9/hook',
    timeoutMs: 1_000,
    retries: 0,
    metadata: {},
    muteAlert: false,
    deadlineMs: null,
    onDeadline: 'rollback',
    ...patch,
  };
}

export function verdict(patch: Partial<Verdict> = {}): Verdict {
  return {
    kind: 'pass',
    atMs: 0,
    passesInStep: 1,
    evaluationsInStep: 1,
    failedChecks: 0,
    judgedMs: 60_000,
    requestsInStep: 1_000,
    firstFailureAtMs: null,
    checks: [],
    ...patch,
  };
}

export function arm(
  revision: string | null,
  replicas: number,
  patch: Partial<ArmObservation> = {},
): ArmObservation {
  return {
    revision,
    replicas,
    ready: replicas,
    available: replicas,
    readyOfOtherRevisions: 0,
    inFlight: 0,
    restarts: 0,
    failure: null,
    floor: 0,
    ...patch,
  };
}

export function observation(patch: Partial<Observation> = {}): Observation {
  return {
    wantedRevision: 'new',
    promotedRevision: 'old',
    deleting: false,
    suspended: false,
    stable: arm('old', 4, { floor: 4 }),
    canary: arm(null, 0),
    route: {
      routing: { kind: 'weight', weightPercent: 0 },
      tombstone: null,
      inForce: true,
      evidence: 'programmed',
      foreignWriter: null,
    },
    rebooted: false,
    verdict: null,
    verdictAttempt: null,
    hookAnswers: [],
    actions: [],
    requestsPerSecond: null,
    sent: [],
    ...patch,
  };
}
