import { type FlaggerPhase as RolloutPhase, phaseOf } from '../rollout/phase-of.ts';
import type { Plan } from '../rollout/plan.ts';
import type { RolloutState } from '../rollout/state.ts';

/** Flagger's words for where a Canary is; `status.phase` keeps exactly these. */
export type FlaggerPhase = RolloutPhase | 'Initialized' | 'Terminating';

export interface PhaseFacts {
  readonly deleting: boolean;
  /** Something serves as stable. */
  readonly promoted: boolean;
  /** The current or last rollout; null before the first. */
  readonly rollout: { readonly state: RolloutState; readonly plan: Plan } | null;
  /** The rollout is the service's first: Flagger initialises with it. */
  readonly first: boolean;
}

/** The Canary's phase: that of its rollout, but for a Canary that is new, that begins, or that goes. */
export function flaggerPhase({ deleting, promoted, rollout, first }: PhaseFacts): FlaggerPhase {
  if (deleting) return 'Terminating';
  if (rollout === null) return promoted ? 'Initialized' : 'Initializing';
  const phase = phaseOf(rollout.state, rollout.plan);
  if (first && phase !== 'Failed') return rollout.state.name === 'Promoted' ? 'Initialized' : 'Initializing';
  return rollout.state.name === 'Pending' ? 'Succeeded' : phase;
}
