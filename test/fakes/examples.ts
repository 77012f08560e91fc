import type { CanaryRecord, RecordEvent, RolloutRecord, Snapshot } from '../../src/engine/ports.ts';
import type { ServiceSpec } from '../../src/resource/service-spec.ts';
import { startRollout } from '../../src/rollout/lifecycle.ts';
import type { Plan, Step } from '../../src/rollout/plan.ts';

/** A step at a weight that asks for nothing else. */
export function weightStep(weightPercent: number, holdMs: number): Step {
  return {
    routing: { kind: 'weight', weightPercent },
    holdMs,
    minPasses: 1,
    minRequests: 0,
    approval: false,
    maxMs: null,
  };
}

/** A plain canary plan: 10, 25 and 50 % for 20 s each, judged every 10 s on at most 1 % of errors. */
export const examplePlan: Plan = {
  version: 1,
  strategy: 'Canary',
  semantics: 'sluice',
  steps: [weightStep(10, 20_000), weightStep(25, 20_000), weightStep(50, 20_000)],
  promotion: 'bake',
  bakeMs: 20_000,
  skipAnalysis: false,
  judging: {
    judge: 'threshold',
    intervalMs: 10_000,
    failureThreshold: 2,
    failAt: 'atOnce',
    onNoData: 'wait',
    checks: [
      {
        name: 'error-rate',
        measure: { kind: 'errorShare' },
        limit: { max: 1 },
        shownUnit: '%',
        shownScale: 1,
        windowMs: 10_000,
        minRequests: 0,
      },
    ],
  },
  hooks: [],
  waitsForForecast: false,
  onInconclusive: 'hold',
  canarySize: 'full',
  replicas: 2,
  roll: { kind: 'rolling', maxSurge: 1, maxUnavailable: 0, minReadySeconds: 0 },
  progressDeadlineMs: 60_000,
  stableReadyPercent: 100,
  canaryReadyPercent: 100,
  verifyWithinMs: 10_000,
  drainMs: 10_000,
  approvalBeforePromotion: false,
  slowAfterMs: null,
};

export function exampleSpec(plan: Plan = examplePlan, name = 'shop'): ServiceSpec {
  return {
    namespace: 'default',
    name,
    flavour: 'sluice',
    suspend: false,
    front: {
      host: '127.0.0.1',
      port: 8080,
      assignBy: null,
      stickyCookie: null,
      match: [],
      connectTimeoutMs: 1_000,
      responseTimeoutMs: 30_000,
      latencyBounds: [0.1, 0.5, 1],
    },
    plan,
  };
}

export function exampleSnapshot(revision: string): Snapshot {
  return { revision, template: { command: ['shop', revision] }, label: revision };
}

export function exampleCanary(patch: Partial<CanaryRecord> = {}): CanaryRecord {
  return {
    key: 'default/shop',
    uid: 'canary-1',
    generation: 1,
    source: ['kind: Canary\n'],
    spec: exampleSpec(),
    target: exampleSnapshot('v1'),
    promoted: null,
    previous: null,
    disabled: false,
    deleting: false,
    currentRollout: null,
    version: 1,
    ...patch,
  };
}

export function exampleRollout(patch: Partial<RolloutRecord> = {}): RolloutRecord {
  const identity = { uid: 'rollout-1', name: 'shop-v1-1', revision: 'v1', stableRevision: null };
  return {
    key: 'default/shop',
    identity,
    attempt: 1,
    plan: examplePlan,
    snapshot: exampleSnapshot('v1'),
    state: startRollout({ identity, plan: examplePlan, nowMs: 1_000 }),
    judge: null,
    judged: null,
    metricCursor: null,
    checks: [],
    evidence: null,
    shadows: [],
    traffic: null,
    sent: [],
    createdAtMs: 1_000,
    createdBy: { kind: 'controller', name: 'sluice' },
    bootId: 'boot-1',
    version: 1,
    ...patch,
  };
}

export function exampleEvent(patch: Partial<RecordEvent> = {}): RecordEvent {
  return {
    id: 'event-1',
    atMs: 1_000,
    key: 'default/shop',
    rollout: null,
    kind: 'engine',
    actor: { kind: 'controller', name: 'sluice' },
    message: 'something happened',
    data: null,
    ...patch,
  };
}
