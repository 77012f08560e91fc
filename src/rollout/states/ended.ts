import { type Context, type Move, stay } from '../context.ts';
import { ask, askedOf, hooksOf, noteAnswer } from '../hook-calls.ts';
import type { RolloutState } from '../state.ts';

/**
 * The end stays the end. `post-rollout` hooks are called once each in list order; the first that fails stops the rest, as
 * in Flagger, and changes nothing else. A superseded run calls none: its successor will.
 */
export function ended(context: Context, state: RolloutState): Move {
  if (state.name === 'Superseded') return stay(state);
  for (const hook of hooksOf(context, 'post-rollout')) {
    const known = noteAnswer(context, state, hook.name);
    if (known !== state) return stay(known);
    const asked = askedOf(state, hook.name);
    if (asked === null) return stay(ask(context, state, hook.name));
    if (asked.passed !== true) return stay(state);
  }
  return stay(state);
}
