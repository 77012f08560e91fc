import type { Verdict } from '../analysis/judge.ts';
import type { Context } from './context.ts';
import type { RolloutState } from './state.ts';

/** The verdict, if it is about this attempt of this step: another attempt's counts for nothing (SPEC N1, R21). */
export function verdictOf(context: Context, state: RolloutState): Verdict | null {
  const { verdict, verdictAttempt } = context.observation;
  return verdict !== null && verdictAttempt === state.attempt && state.attempt > 0 ? verdict : null;
}

/** What failed, for people: the failing checks, or how many evaluations. */
export function failureWords({ checks, failedChecks }: Verdict): string {
  const failing = checks
    .filter(({ kind }) => kind === 'fail')
    .map(({ name, message }) => `${name}: ${message}`);
  return failing.length === 0 ? `${failedChecks} evaluations failed` : failing.join('; ');
}

/** Judged time of the step, pauses taken out. Frozen while paused: a pause stops the clock, not the judging. */
export function heldMs(context: Context, state: RolloutState): number {
  const verdict = verdictOf(context, state);
  if (verdict === null || state.name === 'Paused') return state.heldMs;
  return Math.max(state.heldMs, verdict.judgedMs - state.excludedMs);
}

/** Does a verdict about this attempt still decide? From the shift back to stable on there is nothing to judge. */
export function isJudged(state: RolloutState): boolean {
  if (state.attempt === 0 || state.decidedAtMs !== null || state.endedAtMs !== null) return false;
  if (state.name === 'Draining' && state.phase !== 'roll') return false;
  return state.phase !== 'shiftBack' && state.phase !== 'rescue';
}

/** For the engine: which attempt is to be judged, and from when blocks count. null: the route is not proven or nothing is judged. */
export function judging(state: RolloutState): { readonly attempt: number; readonly fromMs: number } | null {
  if (state.inForceSinceMs === null || !isJudged(state)) return null;
  return { attempt: state.attempt, fromMs: state.inForceSinceMs };
}
