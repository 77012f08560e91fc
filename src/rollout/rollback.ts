import { modeOf } from './arms.ts';
import { type Context, controller, type Move, move } from './context.ts';
import { noTraffic, tombstoneRoute } from './routing.ts';
import type { Actor, Reason, RolloutState, TerminalName } from './state.ts';

export interface RollbackCause {
  readonly endsAs: Exclude<TerminalName, 'Promoted'>;
  readonly reason: Reason;
  readonly message: string;
  readonly actor?: Actor;
}

/**
 * The decision to go back (SPEC R40): in one transition the route becomes weight 0 with the tombstone and stable's template
 * is set back. From here **the weight may only fall** (SPEC N4): no rule but `states/rolling-back.ts` sees the state again,
 * and that one never touches the route.
 */
export function rollBack(context: Context, state: RolloutState, cause: RollbackCause): Move {
  const actor = cause.actor ?? controller;
  const decision = {
    decidedAtMs: context.nowMs,
    decidedBy: actor,
    endsAs: cause.endsAs,
    resume: null,
    inForceSinceMs: null,
  } as const;
  if (modeOf(context) === 'first' || hasTouchedNothing(state)) return end(context, state, cause, decision);
  return move(context, state, {
    to: 'RollingBack',
    phase: 'shift',
    reason: cause.reason,
    message: cause.message,
    owner: 'data plane',
    actor,
    patch: {
      ...decision,
      route: tombstoneRoute,
      stable: {
        revision: context.identity.stableRevision ?? state.stable.revision,
        replicas: Math.max(state.stable.replicas, context.plan.replicas),
      },
    },
  });
}

/** No canary was made and stable was not changed: there is nothing to take back, and the route is another run's (SPEC R45). */
function hasTouchedNothing(state: RolloutState): boolean {
  return state.attempt === 0 && state.canary.replicas === 0 && !state.stableRolled;
}

function end(
  context: Context,
  state: RolloutState,
  cause: RollbackCause,
  decision: Partial<RolloutState>,
): Move {
  return move(context, state, {
    to: cause.endsAs,
    reason: cause.reason,
    message: cause.message,
    owner: 'controller',
    actor: cause.actor ?? controller,
    patch: { ...decision, route: noTraffic, endedAtMs: context.nowMs },
  });
}
