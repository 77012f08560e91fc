import { type Context, type Move, stay } from '../context.ts';
import type { RolloutState } from '../state.ts';
import { awaitingApproval } from './at-gate.ts';
import { baking } from './baking.ts';
import { draining } from './draining.ts';
import { ended } from './ended.ts';
import { holding } from './holding.ts';
import { pending } from './pending.ts';
import { promoting } from './promoting.ts';
import { rollingBack } from './rolling-back.ts';
import { starting } from './starting.ts';
import { stepping } from './stepping.ts';

/** The rule of the state that the rollout is in. */
export function stateRule(context: Context, state: RolloutState): Move {
  switch (state.name) {
    case 'Pending':
      return pending(context, state);
    case 'Starting':
      return starting(context, state);
    case 'Stepping':
      return stepping(context, state);
    case 'Holding':
      return holding(context, state);
    case 'AwaitingApproval':
      return awaitingApproval(context, state);
    case 'Paused':
      // Only a person, a verdict or a wish from outside ends it, and those go before.
      return stay(state);
    case 'Promoting':
      return promoting(context, state);
    case 'Baking':
      return baking(context, state);
    case 'Draining':
      return draining(context, state);
    case 'RollingBack':
      return rollingBack(context, state);
    case 'Promoted':
    case 'RolledBack':
    case 'Aborted':
    case 'Failed':
    case 'Superseded':
      return ended(context, state);
  }
}
