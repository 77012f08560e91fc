import { type Context, type Move, move, stay } from '../context.ts';
import { closeStreamsMs } from '../deadlines.ts';
import type { Reason, RolloutState } from '../state.ts';

/** Weight 0 is proven: the canary stays up until what is in flight has ended (SPEC R43). */
export function drained(context: Context, state: RolloutState): Move {
  return move(context, state, {
    to: state.name === 'RollingBack' ? 'RollingBack' : 'Draining',
    phase: 'drain',
    ...told(state, 'draining', 'requests in flight on the canary end by themselves'),
    owner: 'data plane',
    deadlineMs: context.nowMs + context.plan.drainMs,
  });
}

/** Drain, ask long streams to close, scale down; then `onDone`. The same in a rollback and at a promotion's end. */
export function drain(
  context: Context,
  state: RolloutState,
  onDone: (context: Context, state: RolloutState) => Move,
): Move {
  const { canary } = context.observation;
  const isIdle = canary !== null && (canary.inFlight === 0 || (canary.replicas === 0 && canary.ready === 0));
  const isOver = state.deadlineMs !== null && context.nowMs >= state.deadlineMs;
  if (state.phase === 'drain') {
    if (isIdle) return scaleDown(context, state);
    return isOver ? closeStreams(context, state) : stay(state);
  }
  if (state.phase === 'closeStreams') return isIdle || isOver ? scaleDown(context, state) : stay(state);
  return canary !== null && canary.replicas === 0 && canary.ready === 0
    ? onDone(context, state)
    : stay(state);
}

function closeStreams(context: Context, state: RolloutState): Move {
  return move(context, state, {
    to: state.name,
    phase: 'closeStreams',
    ...told(state, 'draining', 'long streams on the canary are asked to close'),
    owner: 'data plane',
    deadlineMs: context.nowMs + closeStreamsMs,
  });
}

function scaleDown(context: Context, state: RolloutState): Move {
  return move(context, state, {
    to: state.name,
    phase: 'scaleDown',
    ...told(state, 'scaling-down', 'the canary is scaled down'),
    owner: 'workload',
    patch: { canary: { revision: state.canary.revision, replicas: 0 } },
  });
}

/** A rollback keeps its cause as reason and message to the end; only the record of the transition says what is done now. */
function told(
  state: RolloutState,
  reason: Reason,
  message: string,
): { readonly reason: Reason; readonly message: string; readonly note: string } {
  return state.name === 'RollingBack'
    ? { reason: state.reason, message: state.message, note: message }
    : { reason, message, note: message };
}
