import type { Context } from './context.ts';
import { ask, askedOf, hooksOf, isDue, noteAnswer } from './hook-calls.ts';
import type { HookPlan } from './plan.ts';
import type { RolloutState } from './state.ts';
import { judging } from './verdict.ts';

/** Hooks that are called every interval and hold nothing up: `rollback`, and `rollout`, whose answers the judge counts. */
export function poll(context: Context, state: RolloutState): RolloutState {
  return polledHooks(context, state).reduce((known, hooks) => pollInOrder(context, known, hooks), state);
}

/** Groups in which hooks run in list order and stop at the first that did not pass. */
export function polledHooks(context: Context, state: RolloutState): readonly (readonly HookPlan[])[] {
  const groups: (readonly HookPlan[])[] = [];
  if (canHookRollBack(state)) groups.push(...hooksOf(context, 'rollback').map((hook) => [hook]));
  if (judging(state) !== null) groups.push(hooksOf(context, 'rollout'));
  return groups;
}

export function hookAskedForRollback(context: Context, state: RolloutState): HookPlan | null {
  if (!canHookRollBack(state)) return null;
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

function pollInOrder(context: Context, state: RolloutState, hooks: readonly HookPlan[]): RolloutState {
  let known = state;
  let round: number | null = null;
  for (const hook of hooks) {
    known = noteAnswer(context, known, hook.name);
    const asked = askedOf(known, hook.name);
    const isFirst: boolean = round === null;
    const isBehind = !isFirst && (asked === null || asked.n < (round ?? 0));
    if (
      isFirst
        ? asked === null || (asked.passed !== null && isDue(context, asked) && !hasUnanswered(known, hooks))
        : isBehind
    ) {
      known = ask(context, known, hook.name);
    }
    const latest = askedOf(known, hook.name);
    round = isFirst ? (latest?.n ?? null) : round;
    if (latest === null || latest.passed !== true || latest.n !== round) return known;
  }
  return known;
}

function hasUnanswered(state: RolloutState, hooks: readonly HookPlan[]): boolean {
  return hooks.some((hook) => askedOf(state, hook.name)?.passed === null);
}
