import { modeOf } from './arms.ts';
import type { Context } from './context.ts';
import { ask, askedOf, hooksOf, isDue, noteAnswer } from './hook-calls.ts';
import type { HookPlan } from './plan.ts';
import type { RolloutState } from './state.ts';
import { judging } from './verdict.ts';

/**
 * Hooks that are called every interval and hold nothing up: `rollback`, and `rollout`, whose answers the judge counts. An
 * answer is taken in before anything is called again, so that the rules see it (SPEC R36).
 */
export function poll(context: Context, state: RolloutState): RolloutState {
  const groups = polledHooks(context, state);
  const noted = groups.flat().reduce((known, hook) => noteAnswer(context, known, hook.name), state);
  return noted === state ? groups.reduce((known, hooks) => callNext(context, known, hooks), state) : noted;
}

/** Groups in which hooks run in list order and stop at the first that did not pass. */
export function polledHooks(context: Context, state: RolloutState): readonly (readonly HookPlan[])[] {
  const groups: (readonly HookPlan[])[] = [];
  if (modeOf(context) !== 'first' && canHookRollBack(state))
    groups.push(...hooksOf(context, 'rollback').map((hook) => [hook]));
  if (judging(state) !== null) groups.push(hooksOf(context, 'rollout'));
  return groups;
}

export function hookAskedForRollback(context: Context, state: RolloutState): HookPlan | null {
  return hooksOf(context, 'rollback').find((hook) => askedOf(state, hook.name)?.passed === true) ?? null;
}

/** From the canary's making until the promotion is final. */
function canHookRollBack(state: RolloutState): boolean {
  switch (state.name) {
    case 'Starting':
      return state.phase === 'scale';
    case 'Stepping':
    case 'Holding':
    case 'Promoting':
    case 'Baking':
      return true;
    case 'AwaitingApproval':
    case 'Paused':
      return state.canary.replicas > 0;
    case 'Pending':
    case 'Draining':
    case 'RollingBack':
    case 'Promoted':
    case 'RolledBack':
    case 'Aborted':
    case 'Failed':
    case 'Superseded':
      return false;
  }
}

/** Each hook follows once the one before it passed in the same round; the first begins the next round when it is due. */
function callNext(context: Context, state: RolloutState, hooks: readonly HookPlan[]): RolloutState {
  const [first, ...rest] = hooks;
  if (first === undefined) return state;
  const begun = askedOf(state, first.name);
  if (begun === null) return ask(context, state, first.name);
  if (hooks.some((hook) => askedOf(state, hook.name)?.passed === null)) return state;
  let before = begun;
  for (const hook of rest) {
    if (before.passed !== true) break;
    const asked = askedOf(state, hook.name);
    if (asked === null || asked.askedAtMs < begun.askedAtMs) return ask(context, state, hook.name);
    before = asked;
  }
  return isDue(context, begun) ? ask(context, state, first.name) : state;
}
