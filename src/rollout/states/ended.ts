import { type Context, type Move, stay } from '../context.ts';
import { ask, askedOf, hooksOf, noteAnswer } from '../hook-calls.ts';
import type { RolloutState } from '../state.ts';

/**
 * The end stays the end. `post-rollout` hooks are called once each; how they answer changes nothing, so they are called
 * together (SPEC R91). A superseded run calls none: its successor will.
 */
export function ended(context: Context, state: RolloutState): Move {
  if (state.name === 'Superseded') return stay(state);
  return stay(
    hooksOf(context, 'post-rollout').reduce((known, hook) => callOnce(context, known, hook.name), state),
  );
}

function callOnce(context: Context, state: RolloutState, name: string): RolloutState {
  return askedOf(state, name) === null ? ask(context, state, name) : noteAnswer(context, state, name);
}
