import type { RolloutState } from '../rollout/state.ts';

/**
 * Whether the stored state needs an answer no more: it took it into account, or it has asked the same hook again since (the
 * state keeps one call a name, and is stored before the call is made), or the run has ended without waiting for it.
 */
export function isAnswerConsumed(id: string, state: RolloutState): boolean {
  const asked = state.hooks.find((hook) => hook.id === id);
  if (asked !== undefined) return asked.passed !== null;
  return state.endedAtMs !== null || state.hooks.some((hook) => id.includes(`/hook/${hook.name}/`));
}
