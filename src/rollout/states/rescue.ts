import { canarySuffices } from '../arms.ts';
import { type Context, type Move, move, stay } from '../context.ts';
import { isExpired } from '../deadlines.ts';
import { allToCanary, sameRouting } from '../routing.ts';
import type { Reason, RolloutState } from '../state.ts';

export interface RollFailure {
  readonly reason: Reason;
  readonly message: string;
}

/** Why the roll of stable is lost, or null. */
export function rollFailure(context: Context, state: RolloutState): RollFailure | null {
  const { stable } = context.observation;
  if (stable !== null && stable.revision === state.stable.revision && stable.failure !== null) {
    return { reason: 'workload-failed', message: `stable could not be rolled: ${stable.failure}` };
  }
  return isExpired(context, state.deadlineMs)
    ? { reason: 'deadline-exceeded', message: 'the roll of stable made no progress before its deadline' }
    : null;
}

/**
 * Stable is broken half-way, the canary is the tested one: traffic goes to it and a person is called (SPEC R56). One of the
 * closed list of exceptions to N1.
 */
export function startRescue(context: Context, state: RolloutState, failure: RollFailure): Move {
  const { plan, nowMs } = context;
  return move(context, state, {
    to: state.name,
    phase: 'rescue',
    reason: 'rescuing-to-canary',
    message: `${failure.message}; traffic goes to the canary`,
    owner: 'workload',
    deadlineMs: nowMs + plan.progressDeadlineMs,
    patch: {
      canary: { revision: state.canary.revision, replicas: Math.max(state.canary.replicas, plan.replicas) },
    },
  });
}

export function rescue(context: Context, state: RolloutState): Move {
  const isAsked = sameRouting(state.route.routing, allToCanary.routing);
  if (isAsked && state.inForceSinceMs !== null) return giveUp(context, state, 'all traffic is on the canary');
  if (isExpired(context, state.deadlineMs))
    return giveUp(context, state, 'the traffic could not be taken to the canary either');
  // Where stable serves nobody, a thin canary is better than none.
  if (!isAsked && (canarySuffices(context, state) || state.stableGone)) return shift(context, state);
  return stay(state);
}

function giveUp(context: Context, state: RolloutState, message: string): Move {
  return move(context, state, {
    to: 'Failed',
    reason: 'promotion-failed',
    message: `stable could not be rolled; ${message}; a person has to look`,
    owner: 'person',
    patch: { endedAtMs: context.nowMs },
  });
}

function shift(context: Context, state: RolloutState): Move {
  return move(context, state, {
    to: state.name,
    phase: 'rescue',
    reason: 'rescuing-to-canary',
    message: 'all traffic to the canary, since stable is broken',
    owner: 'data plane',
    deadlineMs: context.nowMs + context.plan.progressDeadlineMs,
    patch: { route: allToCanary, inForceSinceMs: null },
  });
}
