import type { Plan } from './plan.ts';
import type { RolloutState } from './state.ts';

/** Flagger's words for where a Canary is. */
export type FlaggerPhase =
  | 'Progressing'
  | 'Waiting'
  | 'WaitingPromotion'
  | 'Promoting'
  | 'Finalising'
  | 'Succeeded'
  | 'Failed'
  | 'Initializing';

/**
 * The phase that a Canary shows for a rollout (SPEC R90). `Pending` shows what the Canary showed before; the caller keeps
 * that, and for a first revision it is Initializing.
 */
export function phaseOf(state: RolloutState, plan: Plan): FlaggerPhase {
  switch (state.name) {
    case 'Pending':
      return 'Initializing';
    case 'Starting':
      return state.reason === 'first-revision' ? 'Initializing' : 'Progressing';
    case 'Stepping':
    case 'Holding':
    case 'Paused':
      return 'Progressing';
    case 'AwaitingApproval':
      if (state.resume === 'Pending') return 'Waiting';
      return state.step + 1 >= plan.steps.length ? 'WaitingPromotion' : 'Progressing';
    case 'Promoting':
      return 'Promoting';
    case 'Baking':
    case 'Draining':
      return 'Finalising';
    case 'RollingBack':
      return state.restoredAtMs !== null && state.endsAs !== 'Superseded' ? 'Failed' : 'Progressing';
    case 'Promoted':
      return 'Succeeded';
    case 'RolledBack':
    case 'Aborted':
    case 'Failed':
      return 'Failed';
    case 'Superseded':
      return 'Progressing';
  }
}
