import type { Reason, RolloutState, StateName } from '../rollout/state.ts';

/** Flagger's words for where a Canary is; `status.phase` keeps exactly these. */
export type FlaggerPhase =
  | 'Initializing'
  | 'Initialized'
  | 'Waiting'
  | 'Progressing'
  | 'WaitingPromotion'
  | 'Promoting'
  | 'Finalising'
  | 'Succeeded'
  | 'Failed'
  | 'Terminating';

export interface PhaseFacts {
  readonly deleting: boolean;
  /** Something serves as stable. */
  readonly promoted: boolean;
  /** Of the current or last rollout; null before the first. */
  readonly state: Pick<RolloutState, 'name' | 'reason' | 'restoredAtMs'> | null;
  /** The rollout is the service's first: Flagger initialises with it. */
  readonly first: boolean;
}

const phases: Readonly<Record<StateName, FlaggerPhase>> = {
  Pending: 'Succeeded',
  Starting: 'Progressing',
  Stepping: 'Progressing',
  Holding: 'Progressing',
  AwaitingApproval: 'Progressing',
  Paused: 'Progressing',
  Promoting: 'Promoting',
  Baking: 'Finalising',
  Draining: 'Finalising',
  RollingBack: 'Progressing',
  Promoted: 'Succeeded',
  RolledBack: 'Failed',
  Aborted: 'Failed',
  Failed: 'Failed',
  Superseded: 'Progressing',
};

const waitingPhases: Partial<Readonly<Record<Reason, FlaggerPhase>>> = {
  'confirm-rollout': 'Waiting',
  'confirm-promotion': 'WaitingPromotion',
  'promotion-approval': 'WaitingPromotion',
};

/**
 * The inner state as Flagger's phase (rollout.md, States). A rollback shows as Failed from the instant at which users are safe:
 * not before, and not only after the drain.
 */
export function flaggerPhase({ deleting, promoted, state, first }: PhaseFacts): FlaggerPhase {
  if (deleting) return 'Terminating';
  if (state === null) return promoted ? 'Initialized' : 'Initializing';
  if (state.name === 'RollingBack' && state.restoredAtMs !== null) return 'Failed';
  const phase = phases[state.name];
  if (first && phase !== 'Failed') return state.name === 'Promoted' ? 'Initialized' : 'Initializing';
  return state.name === 'AwaitingApproval' ? (waitingPhases[state.reason] ?? phase) : phase;
}

/** Status of Flagger's one condition, `Promoted`; its reason is the phase. */
export function promotedCondition(phase: FlaggerPhase): 'True' | 'False' | 'Unknown' {
  if (phase === 'Initialized' || phase === 'Succeeded') return 'True';
  return phase === 'Failed' ? 'False' : 'Unknown';
}
