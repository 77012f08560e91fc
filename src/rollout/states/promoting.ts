import { canarySuffices, modeOf, stableRolledOut } from '../arms.ts';
import { type Context, type Move, move, stay, wait } from '../context.ts';
import { isExpired, noteProgress } from '../deadlines.ts';
import { rollStable, succeed } from '../next-step.ts';
import { rollBack } from '../rollback.ts';
import { allToCanary } from '../routing.ts';
import type { RolloutState } from '../state.ts';
import { drained } from './drain.ts';
import { rescue, rollFailure, startRescue } from './rescue.ts';
import { shiftBack, startShiftBack } from './shift-back.ts';

/** The judged revision becomes stable: by way of the canary (`bake`), or under its share (`rolling`) (SPEC R50, R51). */
export function promoting(context: Context, state: RolloutState): Move {
  if (state.phase === 'shift') return verifyAll(context, state);
  if (state.phase === 'roll')
    return modeOf(context) === 'inPlace' ? watchInPlace(context, state) : watchRoll(context, state);
  if (state.phase === 'shiftBack') return shiftBack(context, state, drained);
  return state.phase === 'rescue' ? rescue(context, state) : scaleUp(context, state);
}

function scaleUp(context: Context, state: RolloutState): Move {
  if (!canarySuffices(context, state)) {
    const known = noteProgress(context, state, context.observation.canary);
    if (known !== state) return stay(known);
    if (!isExpired(context, state.deadlineMs)) return stay(state);
    return rollBack(context, state, {
      endsAs: 'RolledBack',
      reason: 'deadline-exceeded',
      message: 'the canary could not be scaled for all traffic before its deadline',
    });
  }
  return move(context, state, {
    to: 'Promoting',
    phase: 'shift',
    reason: 'shifting-to-canary',
    message: 'all traffic to the canary',
    owner: 'data plane',
    deadlineMs: context.nowMs + context.plan.verifyWithinMs,
    patch: { attempt: state.attempt + 1, route: allToCanary, inForceSinceMs: null, heldMs: 0, excludedMs: 0 },
  });
}

function verifyAll(context: Context, state: RolloutState): Move {
  if (state.inForceSinceMs === null) {
    if (!isExpired(context, state.deadlineMs)) return stay(state);
    return wait(context, state, {
      reason: 'weight-not-verified',
      owner: 'data plane',
      message: '100 % is written and not proven to be in force',
    });
  }
  const { plan } = context;
  if (plan.promotion === 'rolling') return rollStable(context, state, 'Promoting');
  return plan.bakeMs === 0 || state.skipRest !== 'none'
    ? rollStable(context, state, 'Draining')
    : bake(context, state);
}

function watchRoll(context: Context, state: RolloutState): Move {
  if (stableRolledOut(context, state)) return startShiftBack(context, state, 'Promoting');
  const failure = rollFailure(context, state);
  if (failure !== null) return startRescue(context, state, failure);
  return stay(noteProgress(context, state, context.observation.stable));
}

/** One arm: the deadline and a failure undo it, as a failing check does. */
function watchInPlace(context: Context, state: RolloutState): Move {
  if (stableRolledOut(context, state)) {
    return context.plan.bakeMs === 0 || state.skipRest !== 'none'
      ? succeed(context, state)
      : bake(context, state);
  }
  const failure = rollFailure(context, state);
  if (failure !== null)
    return rollBack(context, state, {
      endsAs: 'RolledBack',
      reason: failure.reason,
      message: failure.message,
    });
  return stay(noteProgress(context, state, context.observation.stable));
}

function bake(context: Context, state: RolloutState): Move {
  const isInPlace = modeOf(context) === 'inPlace';
  return move(context, state, {
    to: 'Baking',
    reason: 'baking',
    message: isInPlace
      ? 'every replica is new and watched'
      : 'all traffic is on the canary, the old version is kept warm',
    owner: 'controller',
    patch: isInPlace
      ? { attempt: state.attempt + 1, inForceSinceMs: context.nowMs, heldMs: 0, excludedMs: 0 }
      : {},
  });
}
