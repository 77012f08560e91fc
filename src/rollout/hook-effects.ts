import type { Context } from './context.ts';
import type { Effect } from './effect.ts';
import { gatesFrom } from './gates.ts';
import { answerTo, askedOf, hooksOf } from './hook-calls.ts';
import { isTerminal } from './lifecycle.ts';
import { phaseOf } from './phase-of.ts';
import type { HookPlan } from './plan.ts';
import { polledHooks } from './polls.ts';
import type { RolloutState } from './state.ts';

/** Calls that were decided and are not answered yet, again with the same id until they are. */
export function hookEffects(context: Context, state: RolloutState): readonly Effect[] {
  return hooksInPlay(context, state).flatMap((hook) => {
    const asked = askedOf(state, hook.name);
    if (asked === null || asked.passed !== null || answerTo(context, asked) !== null) return [];
    return [{ kind: 'callHook' as const, id: asked.id, hook, phase: phaseOf(state, context.plan) }];
  });
}

function hooksInPlay(context: Context, state: RolloutState): readonly HookPlan[] {
  if (isTerminal(state)) return state.name === 'Superseded' ? [] : hooksOf(context, 'post-rollout');
  const origin = state.name === 'AwaitingApproval' ? (state.resume ?? state.name) : state.name;
  const gates = gatesFrom(context, state, origin).flatMap((gate) =>
    gate.kind === 'hook' && isGated(origin) ? [gate.hook] : [],
  );
  return [...gates, ...polledHooks(context, state).flat()];
}

function isGated(origin: RolloutState['name']): boolean {
  return origin === 'Pending' || origin === 'Starting' || origin === 'Holding';
}
