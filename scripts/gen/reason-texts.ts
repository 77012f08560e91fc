import type { Owner, Reason } from '../../src/rollout/state.ts';

/** What it means, and whose turn it is; nobody's where it is the cause of an end. */
type ReasonText = readonly [text: string, owners: readonly Owner[]];

const going = {
  'new-revision': ['A new revision is there, and its rollout has not begun.', ['controller']],
  'first-revision': [
    'The first revision of the service starts. There is nothing to compare it with.',
    ['controller', 'workload'],
  ],
  'waiting-for-previous-rollout': ['An earlier rollout of the service has to end first.', ['controller']],
  'waiting-for-stable': ['Stable is short of replicas, so no canary is started.', ['workload']],
  'scaling-canary': ['The canary is short of the replicas that the step needs.', ['workload']],
  'shifting-to-canary': ['A route to the canary is written and not proven yet.', ['data plane']],
  'shifting-to-stable': ['A route to stable is written and not proven yet.', ['data plane']],
  holding: ['The step has not had its time or its passes yet.', ['controller', 'metrics']],
  baking: ['The bake is not over.', ['controller', 'metrics']],
  'rolling-stable': ['Stable is being replaced while it serves.', ['workload']],
  'rolling-idle-stable': ['Stable is being replaced while the canary carries all traffic.', ['workload']],
  draining: ['Requests in flight have to end.', ['data plane']],
  'scaling-down': ['The canary is being removed.', ['workload']],
} as const satisfies Partial<Record<Reason, ReasonText>>;

const gates = {
  'confirm-rollout': ['This webhook has to pass before anything is touched.', ['webhook']],
  'pre-rollout': ['This webhook has to pass before the first step.', ['webhook']],
  'confirm-traffic-increase': ['This webhook has to pass before the weight rises.', ['webhook']],
  'confirm-promotion': ['This webhook has to pass before the promotion.', ['webhook']],
  'step-approval': ['A person has to approve the next step.', ['person']],
  'promotion-approval': ['A person has to approve the promotion.', ['person']],
} as const satisfies Partial<Record<Reason, ReasonText>>;

const stopped = {
  'no-data': ['The checks have no data: no request, or no answer to the query.', ['metrics']],
  'provider-error': ['The metric source cannot be read.', ['metrics']],
  'not-enough-data': ['The checks or the step need more requests.', ['metrics']],
  suspect: ['The evidence against the canary is too strong to go on and too weak to go back.', ['metrics']],
  environment: [
    'Stable breaks the same limit as the canary, and the canary is not shown to be worse: look at what both depend on.',
    ['person'],
  ],
  inconclusive: ['There was no verdict in the longest time of the step.', ['person']],
  'canary-not-ready': ['The canary lost replicas.', ['workload']],
  'stable-not-ready': ['Stable lost replicas, or never became ready.', ['workload']],
  'weight-not-verified': ['A route is not proven within 10 s. Nothing advances until it is.', ['data plane']],
  'platform-unreadable': ['What runs cannot be read.', ['controller']],
  'paused-by-person': ['A person paused it.', ['person']],
  'lowered-elsewhere': [
    'The route was found lower than asked: somebody may have pulled the brake. It is not raised again.',
    ['person'],
  ],
  'foreign-writer': ['Somebody else writes the route.', ['person']],
  'rescuing-to-canary': [
    'Stable could not be replaced, so all traffic goes to the canary.',
    ['data plane', 'workload'],
  ],
} as const satisfies Partial<Record<Reason, ReasonText>>;

const ends = {
  'check-failed': ['The verdict of the checks was a failure.', []],
  'deadline-exceeded': ['A workload made no progress within its deadline.', []],
  'workload-failed': ['The canary crashed, or had no ready replica under traffic.', []],
  'hook-failed': ['A `pre-rollout` webhook failed too often.', []],
  'hook-rollback': ['A `rollback` webhook passed, which asks for a rollback.', []],
  'gate-deadline': ['A gate stayed closed to its deadline.', []],
  tombstone: ["The run's own rollback mark was found in the route: it had been decided before a crash.", []],
  'rollback-by-person': ['A person or a pipeline rolled it back.', []],
  'rejected-by-person': ['A person refused the gate.', []],
  'back-out': ['The service asks for the promoted revision again.', []],
  deleted: ['The service was deleted.', []],
  'target-gone': ['What was to be released is gone.', []],
  superseded: ['A newer revision came.', []],
  rebooted: ['The machine was started anew.', []],
  'promotion-failed': [
    'Stable could not be replaced. Both versions were left running, all traffic on the canary.',
    ['person'],
  ],
  succeeded: ['It is promoted.', []],
  'skipped-analysis': ['It is promoted without steps and checks, as `skipAnalysis` says.', []],
} as const satisfies Partial<Record<Reason, ReasonText>>;

interface ReasonGroup {
  readonly heading: string;
  readonly reasons: Readonly<Record<string, ReasonText>>;
}

/** Every reason in four groups. */
export const reasonTexts: readonly ReasonGroup[] = [
  { heading: 'It goes on', reasons: going },
  { heading: 'A gate is closed', reasons: gates },
  { heading: 'Something is in the way', reasons: stopped },
  { heading: 'It ended, or is being taken back', reasons: ends },
];
