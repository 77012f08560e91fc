import type { CheckView, JudgeView, RolloutView, ServiceView, StepView } from '../../resource/view.ts';

/** 12:00:00 UTC: the instant that the samples are seen at. */
export const sampleNowMs = Date.UTC(2030, 4, 1, 12, 0, 0);

const minute = 60_000;

function step(index: number, weightPercent: number, holdMs: number, rest: Partial<StepView>): StepView {
  return {
    index,
    routing: { kind: 'weight', weightPercent },
    holdMs,
    heldMs: 0,
    approval: false,
    minRequests: 0,
    forecastRequests: 0,
    requests: null,
    status: 'next',
    ...rest,
  };
}

export const sampleChecks: readonly CheckView[] = [
  {
    name: 'error-rate',
    verdict: 'pass',
    value: 0.041,
    stableValue: 0.038,
    limit: { max: 0.1 },
    shownUnit: '%',
    shownScale: 1,
    requests: 3_412,
    errors: 1,
    interval: null,
    logEvidence: null,
    evidence: null,
    message: '0.041 % of 3412 requests failed, limit 0.1 %',
    warning: null,
  },
  {
    name: 'latency-p95',
    verdict: 'notEnoughData',
    value: 0.61,
    stableValue: null,
    limit: { max: 2 },
    shownUnit: 's',
    shownScale: 1,
    requests: 12,
    errors: 0,
    interval: null,
    logEvidence: null,
    evidence: null,
    message: '12 of 50 requests needed',
    warning: null,
  },
];

const sampleJudge: JudgeView = {
  name: 'threshold',
  evidence: null,
  sentence: null,
  guarantee: 'The judge threshold promises nothing about how rarely a healthy release is taken back.',
  shadows: [],
};

/** Midway: 25 % for 6 of 10 minutes. */
export const sampleRollout: RolloutView = {
  name: 'checkout-77aa-1',
  uid: 'u-1',
  revision: { revision: '77aa', label: '2.9.0' },
  from: { revision: '55bb', label: '2.8.1' },
  attempt: 1,
  strategy: 'Canary',
  state: 'Holding',
  outcome: null,
  reason: 'holding',
  message: '6 of 10 minutes judged, all checks pass',
  owner: 'controller',
  sinceMs: sampleNowMs - 6 * minute,
  deadlineMs: null,
  phase: 'Progressing',
  step: 1,
  steps: [
    step(0, 10, 5 * minute, { status: 'done', heldMs: 5 * minute }),
    step(1, 25, 10 * minute, { status: 'current', heldMs: 6 * minute + 2_000 }),
    step(2, 50, 15 * minute, { approval: true }),
  ],
  nextAtMs: sampleNowMs + 4 * minute,
  endsAtMs: sampleNowMs + 31 * minute,
  traffic: {
    set: { kind: 'weight', weightPercent: 25 },
    actual: { kind: 'weight', weightPercent: 25 },
    inForce: true,
    inForceSinceMs: sampleNowMs - 6 * minute,
    evidence: 'programmed',
    tombstone: false,
  },
  checks: sampleChecks,
  judge: sampleJudge,
  failedChecks: { used: 0, allowed: 3 },
  skipped: [],
  createdBy: { kind: 'person', name: 'ada' },
  decidedBy: null,
  startedAtMs: sampleNowMs - 12 * minute - 4_000,
  endedAtMs: null,
  onsetAtMs: null,
  detectedAtMs: null,
  decidedAtMs: null,
  restoredAtMs: null,
  weightsInForce: [10, 25],
};

export const sampleService: ServiceView = {
  key: 'default/checkout',
  namespace: 'default',
  name: 'checkout',
  flavour: 'sluice',
  generation: 4,
  address: 'http://127.0.0.1:8080',
  phase: 'Progressing',
  suspended: false,
  disabled: false,
  deleting: false,
  wanted: sampleRollout.revision,
  promoted: sampleRollout.from,
  previous: null,
  arms: [
    {
      arm: 'stable',
      revision: sampleRollout.from,
      replicas: 9,
      ready: 9,
      available: 9,
      inFlight: 4,
      restarts: 0,
      failure: null,
    },
    {
      arm: 'canary',
      revision: sampleRollout.revision,
      replicas: 3,
      ready: 3,
      available: 3,
      inFlight: 1,
      restarts: 0,
      failure: null,
    },
  ],
  traffic: sampleRollout.traffic,
  rollout: sampleRollout,
  problem: null,
};

/** The same run after it went back. */
export const sampleRolledBack: ServiceView = {
  ...sampleService,
  phase: 'Failed',
  rollout: {
    ...sampleRollout,
    state: 'RolledBack',
    outcome: 'RolledBack',
    reason: 'check-failed',
    message: 'error-rate 0.8 % is above 0.1 % (27 of 3412 requests)',
    steps: sampleRollout.steps.map(
      (each): StepView => (each.status === 'next' ? { ...each, status: 'notReached' } : each),
    ),
    checks: [],
    failedChecks: { used: 3, allowed: 3 },
    nextAtMs: null,
    endsAtMs: null,
    traffic: { ...sampleRollout.traffic, set: { kind: 'weight', weightPercent: 0 }, tombstone: true },
    onsetAtMs: sampleNowMs - 4_000,
    detectedAtMs: sampleNowMs - 2_200,
    decidedAtMs: sampleNowMs - 2_196,
    restoredAtMs: sampleNowMs - 2_184,
    endedAtMs: sampleNowMs - 1_000,
    decidedBy: { kind: 'controller', name: 'controller' },
  },
};

/** The same run judged by evidence, with one judge that looks on. */
export const sampleSuspect: ServiceView = {
  ...sampleService,
  rollout: {
    ...sampleRollout,
    reason: 'suspect',
    owner: 'metrics',
    message: 'the evidence against the canary is too strong to go on and too weak to go back',
    checks: [
      {
        name: 'error-rate',
        verdict: 'suspect',
        value: 0.42,
        stableValue: 0.041,
        limit: { max: 0.1 },
        shownUnit: '%',
        shownScale: 1,
        requests: 3_412,
        errors: 14,
        interval: { low: 0.16, high: 0.88 },
        logEvidence: Math.log(62),
        evidence: {
          peakLogEvidence: Math.log(62),
          blamed: false,
          environment: false,
          onsetAtMs: sampleNowMs - 40_000,
          canary: { requests: 3_412, bad: 14 },
          stable: { requests: 10_236, bad: 4 },
          smallestSeen: 0.004,
        },
        message:
          '0.42 %, allowed at most 0.1 %; 14 of 3,412 failed, stable 4 of 10,236; a healthy release would look this bad in fewer than 1 of 62 rollouts',
        warning: null,
      },
    ],
    judge: {
      name: 'bet',
      evidence: {
        logEvidence: Math.log(33),
        peakLogEvidence: Math.log(33),
        logLevel: Math.log(100),
        logSuspect: Math.log(10),
        environment: false,
        blame: [],
        onsetAtMs: sampleNowMs - 40_000,
        detector: null,
        placebos: null,
      },
      sentence: 'a healthy release would look this bad in fewer than 1 of 33 rollouts',
      guarantee:
        'At most 1 % of healthy releases are taken back by the checks that count requests, under the two assumptions of docs/judge.md. Crashes, webhooks and queries are outside of it; the bake has a detector of its own.',
      shadows: [
        {
          name: 'threshold',
          verdict: 'fail',
          logEvidence: null,
          failedAtMs: sampleNowMs - 12_000,
          message: 'error-rate: 0.42 %, allowed at most 0.1 %',
        },
      ],
    },
  },
};
