import { stableSuffices } from '../arms.ts';
import { type Context, type Move, move, patched, stay, wait } from '../context.ts';
import { isExpired } from '../deadlines.ts';
import { noTraffic } from '../routing.ts';
import type { RolloutState } from '../state.ts';
import { startRescue } from './rescue.ts';

/** Stable runs the new revision by now: going back to it ends a promotion and is no rollback (SPEC R53). */
export function startShiftBack(context: Context, state: RolloutState, to: 'Promoting' | 'Draining'): Move {
  return move(context, state, {
    to,
    phase: 'shiftBack',
    reason: 'shifting-to-stable',
    message: `all traffic to stable, which runs ${state.stable.revision} now`,
    owner: 'data plane',
    deadlineMs: context.nowMs + context.plan.verifyWithinMs,
    patch: { route: noTraffic, inForceSinceMs: null },
  });
}

export function shiftBack(
  context: Context,
  state: RolloutState,
  onProven: (context: Context, state: RolloutState) => Move,
): Move {
  const lost = stableLost(context, state);
  if (lost !== null) return lost;
  if (state.inForceSinceMs !== null) return onProven(context, state);
  if (!isExpired(context, state.deadlineMs)) return stay(state);
  return wait(context, state, {
    reason: 'weight-not-verified',
    owner: 'data plane',
    message: 'weight 0 is written and not proven to be in force',
  });
}

/** The tested pods stay until the new stable has proven itself: while it lacks replicas nothing is drained (SPEC R54). */
export function stableLost(context: Context, state: RolloutState): Move | null {
  const { stable } = context.observation;
  if (stable === null) return stay(state);
  if (stableSuffices(context)) {
    const known = patched(state, { notReadySinceMs: null });
    return known === state ? null : stay(known);
  }
  const since = state.notReadySinceMs ?? context.nowMs;
  if (stable.failure !== null || isExpired(context, since + context.plan.progressDeadlineMs)) {
    return startRescue(context, state, {
      reason: 'workload-failed',
      message: stable.failure ?? 'the new stable lost its replicas',
    });
  }
  return wait(context, patched(state, { notReadySinceMs: since }), {
    reason: 'stable-not-ready',
    owner: 'workload',
    message: 'the new stable lacks replicas',
  });
}
