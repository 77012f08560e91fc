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
 * is a phase of it, since it carries no traffic and drains the old version: the bake was the time for second thoughts.
 */
export function draining(context: Context, state: RolloutState): Move {
  switch (state.phase) {
    case 'roll': {
      if (stableRolledOut(context, state)) return startShiftBack(context, state, 'Draining');
      const failure = rollFailure(context, state);
      return failure === null
        ? stay(noteProgress(context, state, context.observation.stable))
        : startRescue(context, state, failure);
    }
    case 'shiftBack':
      return shiftBack(context, state, drained);
    case 'rescue':
      return rescue(context, state);
    case 'scaleDown':
      return drain(context, state, succeed);
    default:
      return stableLost(context, state) ?? drain(context, state, succeed);
  }
}
