import { isAlone, modeOf, stableRolledOut } from '../arms.ts';
import { type Context, type Move, move, patched, stay } from '../context.ts';
import { isExpired } from '../deadlines.ts';
import type { RolloutState } from '../state.ts';
import { isTrafficGone } from '../verified.ts';
import { drain, drained } from './drain.ts';

/** Weight 0 proven (users are safe), template set back, drain, scale down, end (SPEC R41, R44). Never touches the route. */
export function rollingBack(context: Context, state: RolloutState): Move {
  if (state.phase === 'shift') return verifyNoTraffic(context, state);
  return state.phase === 'restoreTemplate' ? restoreTemplate(context, state) : drain(context, state, finish);
}

function verifyNoTraffic(context: Context, state: RolloutState): Move {
  // Only with the tombstone in place nothing that is still on its way can raise the weight again.
  if (!isTrafficGone(context) || context.observation.route?.tombstone !== context.identity.uid)
    return stay(patched(state, { owner: state.stableGone ? 'workload' : 'data plane' }));
  if (!state.stableRolled) return drained(context, { ...state, restoredAtMs: context.nowMs });
  return move(context, state, {
    to: 'RollingBack',
    phase: 'restoreTemplate',
    reason: state.reason,
    message: state.message,
    note: `weight 0 is in force; stable is set back to ${state.stable.revision}`,
    owner: 'workload',
    deadlineMs: context.nowMs + context.plan.progressDeadlineMs,
  });
}

/** SPEC R42: users are safe when no endpoint of the new revision is left; the canary goes only when the old one can carry all. */
function restoreTemplate(context: Context, state: RolloutState): Move {
  const { stable } = context.observation;
  const isBack = stable !== null && isAlone(stable, state.stable.revision) && isTrafficGone(context);
  if (isBack && state.restoredAtMs === null) return stay({ ...state, restoredAtMs: context.nowMs });
  if (state.restoredAtMs !== null && stableRolledOut(context, state)) {
    return modeOf(context) === 'inPlace' ? finish(context, state) : drained(context, state);
  }
  return stay(isExpired(context, state.deadlineMs) ? patched(state, { owner: 'person' }) : state);
}

function finish(context: Context, state: RolloutState): Move {
  return move(context, state, {
    to: state.endsAs ?? 'RolledBack',
    reason: state.reason,
    message: state.message,
    owner: 'controller',
    patch: { endedAtMs: context.nowMs },
  });
}
