import { formatDuration } from '../lib/duration.ts';
import { isTerminal } from './lifecycle.ts';
import type { Plan } from './plan.ts';
import { describeRouting } from './routing.ts';
import type { Owner, RolloutState } from './state.ts';

/** The pieces of one paragraph that answers "why": what it does, since when, what for, who owns that, until when, what then. */
export interface Description {
  readonly doing: string;
  readonly sinceMs: number;
  /** null at an end. */
  readonly waitsFor: string | null;
  readonly owner: Owner;
  readonly untilMs: number | null;
  readonly afterwards: string;
}

/** Words for a rollout's state (SPEC R93). Pure text: numbers that change by themselves are left to the caller. */
export function describe(state: RolloutState, plan: Plan, nowMs: number): Description {
  return {
    doing: doing(state, plan),
    sinceMs: state.sinceMs,
    waitsFor: isTerminal(state) ? null : waitsFor(state, plan),
    owner: state.owner,
    untilMs: until(state, plan, nowMs),
    afterwards: afterwards(state, plan),
  };
}

function stepOf(state: RolloutState, plan: Plan): string {
  const step = plan.steps[state.step];
  return step === undefined
    ? 'the promotion'
    : `step ${state.step + 1} of ${plan.steps.length} (${describeRouting(step.routing)})`;
}

function doing(state: RolloutState, plan: Plan): string {
  switch (state.name) {
    case 'Pending':
      return 'has not begun';
    case 'Starting':
      return state.reason === 'first-revision'
        ? 'starts the first revision'
        : 'prepares stable and starts the canary';
    case 'Stepping':
      return `goes to ${stepOf(state, plan)}`;
    case 'Holding':
      return `holds ${stepOf(state, plan)}`;
    case 'AwaitingApproval':
      return state.step < 0 ? 'waits to be let in' : `waits to be let beyond ${stepOf(state, plan)}`;
    case 'Paused':
      return `is paused in ${state.resume ?? 'its run'}`;
    case 'Promoting':
      return 'promotes the new revision';
    case 'Baking':
      return 'serves all traffic with the new revision and keeps the old one warm';
    case 'Draining':
      return 'is promoted and removes what is left of the run';
    case 'RollingBack':
      return state.restoredAtMs === null ? 'takes the traffic back' : 'has the traffic back and cleans up';
    case 'Promoted':
      return 'is promoted';
    case 'RolledBack':
      return 'was rolled back';
    case 'Aborted':
      return 'was called off';
    case 'Failed':
      return 'failed';
    case 'Superseded':
      return 'gave way to a newer revision';
  }
}

const phaseWaits: Readonly<Partial<Record<RolloutState['phase'], string>>> = {
  shift: 'weight 0 in force',
  restoreTemplate: 'stable as it was before',
  drain: 'requests in flight to end',
  closeStreams: 'long streams to close',
  scaleDown: 'the canary to be gone',
};

function waitsFor(state: RolloutState, plan: Plan): string {
  if (state.name === 'RollingBack')
    return state.stableGone ? 'a ready replica of stable' : (phaseWaits[state.phase] ?? state.message);
  if (state.name === 'Holding' && state.reason === 'holding') {
    const step = plan.steps[state.step];
    return step === undefined
      ? state.message
      : `${formatDuration(step.holdMs)} of judged time with passing checks`;
  }
  return state.message.replace(/^waits for /, '');
}

function until(state: RolloutState, plan: Plan, nowMs: number): number | null {
  if (isTerminal(state)) return null;
  if (state.deadlineMs !== null) return state.deadlineMs;
  const needMs =
    state.name === 'Baking'
      ? plan.bakeMs
      : state.name === 'Holding'
        ? (plan.steps[state.step]?.holdMs ?? 0)
        : null;
  return needMs === null || state.inForceSinceMs === null ? null : nowMs + Math.max(0, needMs - state.heldMs);
}

/** What comes of it: at the deadline where one runs, else when what it waits for is there. */
function afterwards(state: RolloutState, plan: Plan): string {
  switch (state.name) {
    case 'Pending':
      return 'it starts';
    case 'Starting':
      return 'the first step begins; at the deadline it is rolled back';
    case 'Stepping':
      return state.phase === 'scale'
        ? 'the weight is raised; at the deadline it is rolled back'
        : 'the hold begins; it never advances unproven';
    case 'Holding':
      return state.step + 1 < plan.steps.length
        ? `${stepOf({ ...state, step: state.step + 1 }, plan)} follows`
        : 'the promotion follows';
    case 'AwaitingApproval':
      return 'it goes on when approved; a failing check rolls it back meanwhile';
    case 'Paused':
      return 'it goes on when resumed; a failing check rolls it back meanwhile';
    case 'Promoting':
      return plan.promotion === 'bake'
        ? 'the bake follows'
        : 'traffic goes back to stable, which is the new revision then';
    case 'Baking':
      return 'the old version is replaced';
    case 'Draining':
      return 'the rollout ends as Promoted';
    case 'RollingBack':
      return `the rollout ends as ${state.endsAs ?? 'RolledBack'}`;
    case 'Promoted':
    case 'RolledBack':
    case 'Aborted':
    case 'Superseded':
      return 'nothing';
    case 'Failed':
      return 'a person has to look';
  }
}
