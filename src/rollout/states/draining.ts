import { stableRolledOut } from '../arms.ts';
import { type Context, type Move, stay } from '../context.ts';
import { noteProgress } from '../deadlines.ts';
import { succeed } from '../next-step.ts';
import type { RolloutState } from '../state.ts';
import { drain, drained } from './drain.ts';
import { rescue, rollFailure, startRescue } from './rescue.ts';
import { shiftBack, stableLost, startShiftBack } from './shift-back.ts';

/**
 * The promotion is decided; what is left is to get rid of the old version and of the second arm. The roll of the idle stable
 * is a phase of it, since it carries no traffic and drains the old version: the bake was the time for second thoughts (SPEC R55).
 */
export function draining(context: Context, state: RolloutState): Move {
  if (state.phase === 'roll') return rollIdle(context, state);
  if (state.phase === 'shiftBack') return shiftBack(context, state, drained);
  if (state.phase === 'rescue') return rescue(context, state);
  const lost = state.phase === 'scaleDown' ? null : stableLost(context, state);
  return lost ?? drain(context, state, succeed);
}

function rollIdle(context: Context, state: RolloutState): Move {
  if (stableRolledOut(context, state)) return startShiftBack(context, state, 'Draining');
  const failure = rollFailure(context, state);
  return failure === null
    ? stay(noteProgress(context, state, context.observation.stable))
    : startRescue(context, state, failure);
}
