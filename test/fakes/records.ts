import type {
  CanaryRecord,
  PlatformObservation,
  RecordedEvent,
  RolloutRecord,
} from '../../src/engine/ports.ts';
import type { ProcessTemplate } from '../../src/resource/service-spec.ts';
import type { Plan, Step } from '../../src/rollout/plan.ts';
import type { RolloutState } from '../../src/rollout/state.ts';

/** Records as the store holds them, for tests that need a service in the middle of a run. 12:00:00 UTC. */
export const recordNowMs = Date.UTC(2030, 4, 1, 12, 0, 0);

const minute = 60_000;

function step(weightPercent: number, holdMs: number): Step {
  return {
    routing: { kind: 'weight', weightPercent },
    holdMs,
    minPasses: 0,
    minRequests: 0,
    approval: false,
    maxMs: null,
  };
}

export const samplePlan: Plan = {
  version: 1,
  strategy: 'Canary',
  semantics: 'sluice',
  steps: [step(10, 5 * minute), step(25, 10 * minute), step(50, 15 * minute)],
  promotion: 'bake',
  bakeMs: minute,
  skipAnalysis: false,
  judging: {
    judge: 'threshold',
    intervalMs: minute,
    failureThreshold: 3,
    failAt: 'atOnce',
    onNoData: 'wait',
    checks: [
      {
        name: 'error-rate',
        measure: { kind: 'errorShare' },
        limit: { max: 0.1 },
        shownUnit: '%',
        shownScale: 1,
        windowMs: minute,
        minRequests: 50,
      },
    ],
  },
  hooks: [],
  waitsForForecast: false,
  onInconclusive: 'hold',
  canarySize: 'share',
  replicas: 4,
  roll: { kind: 'rolling', maxSurge: 1, maxUnavailable: 0, minReadySeconds: 0 },
  progressDeadlineMs: 10 * minute,
  stableReadyPercent: 100,
  canaryReadyPercent: 100,
  verifyWithinMs: 10_000,
  drainMs: 30_000,
  approvalBeforePromotion: false,
  slowAfterMs: null,
};

export const sampleState: RolloutState = {
  version: 1,
  name: 'Holding',
  reason: 'holding',
  message: '6 of 10 minutes judged, all checks pass',
  sinceMs: recordNowMs - 6 * minute,
  deadlineMs: null,
  owner: 'controller',
  step: 1,
  attempt: 2,
  route: { routing: { kind: 'weight', weightPercent: 25 }, tombstone: false },
  stable: { revision: '55bb', replicas: 4 },
  canary: { revision: '77aa', replicas: 1 },
  inForceSinceMs: recordNowMs - 6 * minute,
  routeInForce: { kind: 'weight', weightPercent: 25 },
  toleratedWriter: null,
  forecastRequests: 0,
  heldMs: 6 * minute,
  excludedMs: 0,
  lastSeenAtMs: recordNowMs,
  resume: null,
  phase: 'none',
  stableGone: false,
  stableRolled: false,
  notReadySinceMs: null,
  progress: 1,
  skipRest: 'none',
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
  transitions: 7,
  startedAtMs: recordNowMs - 12 * minute,
  endedAtMs: null,
  weightsInForce: [10, 25],
};

export const sampleRecord: RolloutRecord = {
  key: 'default/checkout',
  identity: { uid: 'u-1', name: 'checkout-77aa-1', revision: '77aa', stableRevision: '55bb' },
  attempt: 1,
  plan: samplePlan,
  snapshot: { revision: '77aa', template: {}, label: '2.9.0' },
  state: sampleState,
  judge: null,
  metricCursor: null,
  judged: null,
  checks: [],
  evidence: null,
  shadows: [],
  traffic: null,
  sent: [],
  createdAtMs: recordNowMs - 12 * minute,
  createdBy: { kind: 'person', name: 'ada' },
  bootId: 'b',
  version: 3,
};

export const sampleTemplate: ProcessTemplate = {
  command: ['node', 'server.mjs'],
  args: [],
  env: { LANG: 'C' },
  workingDir: null,
  port: null,
  readinessProbe: null,
  livenessProbe: null,
  startupProbe: null,
  preStop: null,
  terminationGracePeriodSeconds: 10,
};

export const sampleCanary: CanaryRecord = {
  key: 'default/checkout',
  uid: 'c-1',
  generation: 4,
  source: [
    'apiVersion: sluice.dev/v1alpha1\nkind: Process\nmetadata: { name: checkout }\nspec:\n  command: [node, server.mjs]\n  listen: { port: 8090 }\n',
  ],
  spec: {
    namespace: 'default',
    name: 'checkout',
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
      latencyBounds: [0.1, 1],
    },
    plan: samplePlan,
  },
  target: { revision: '77aa', template: sampleTemplate, label: '2.9.0' },
  promoted: { revision: '55bb', template: {}, label: '2.8.1' },
  previous: null,
  disabled: false,
  deleting: false,
  currentRollout: 'checkout-77aa-1',
  version: 9,
};

export const sampleObservation: PlatformObservation = {
  stable: {
    revision: '55bb',
    replicas: 4,
    ready: 4,
    available: 4,
    readyOfOtherRevisions: 0,
    inFlight: 3,
    restarts: 0,
    failure: null,
    floor: 4,
  },
  canary: {
    revision: '77aa',
    replicas: 1,
    ready: 1,
    available: 1,
    readyOfOtherRevisions: 0,
    inFlight: 1,
    restarts: 0,
    failure: null,
    floor: 0,
  },
  route: {
    routing: { kind: 'weight', weightPercent: 25 },
    tombstone: null,
    inForce: true,
    evidence: 'programmed',
    foreignWriter: null,
  },
};

export function sampleEvent(sequence: number, key = 'default/checkout'): RecordedEvent {
  return {
    sequence,
    id: `u-1/${sequence}`,
    atMs: recordNowMs + sequence,
    key,
    rollout: 'checkout-77aa-1',
    kind: 'transition',
    actor: { kind: 'controller', name: 'controller' },
    message: `event ${sequence}`,
    data: null,
    previousHash: '',
    hash: `h${sequence}`,
  };
}
