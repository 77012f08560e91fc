import type { DecideInput } from './decide.ts';
import type { Transition } from './effect.ts';
import type { Actor, Owner, Phase, Reason, RolloutState, StateName } from './state.ts';

/** All that a state's rule may look at besides the state. */
export type Context = Omit<DecideInput, 'state'>;

export const controller: Actor = { kind: 'controller', name: 'sluice' };

/** What a rule answers: the same state, a state with other bookkeeping, or a transition. */
export interface Move {
  readonly state: RolloutState;
  readonly transition: Transition | null;
}

export interface Target {
  readonly to: StateName;
  readonly phase?: Phase;
  readonly reason: Reason;
  readonly message: string;
  /** Message of the transition where the state keeps another one. */
  readonly note?: string;
  readonly owner: Owner;
  readonly actor?: Actor;
  /** Default: none. */
  readonly deadlineMs?: number | null;
  readonly patch?: Partial<RolloutState>;
}

export function stay(state: RolloutState): Move {
  return { state, transition: null };
}

/** Takes a transition and numbers it, so that it is recorded once (SPEC N10). */
export function move(context: Context, state: RolloutState, target: Target): Move {
  const { identity, nowMs } = context;
  const next: RolloutState = {
    ...state,
    phase: target.phase ?? 'none',
    deadlineMs: target.deadlineMs ?? null,
    notReadySinceMs: null,
    progress: 0,
    ...target.patch,
    name: target.to,
    reason: target.reason,
    message: target.message,
    owner: target.owner,
    sinceMs: nowMs,
    transitions: state.transitions + 1,
  };
  return {
    state: next,
    transition: {
      id: `${identity.uid}/${next.transitions}`,
      from: state.name,
      to: next.name,
      reason: next.reason,
      message: target.note ?? next.message,
      actor: target.actor ?? controller,
      step: next.step,
      atMs: nowMs,
    },
  };
}

export interface Waiting {
  readonly reason: Reason;
  readonly owner: Owner;
  readonly message: string;
}

/** Says why the state goes on waiting. Not a transition; the same reference while the reason is the same. */
export function wait(context: Context, state: RolloutState, waiting: Waiting): Move {
  if (state.reason === waiting.reason && state.owner === waiting.owner) return stay(state);
  return stay({ ...state, ...waiting, sinceMs: context.nowMs });
}

/** The same reference where every member of the patch is what the state has. */
export function patched(state: RolloutState, patch: Partial<RolloutState>): RolloutState {
  const changed = (Object.keys(patch) as (keyof RolloutState)[]).some(
    (key) => !Object.is(state[key], patch[key]),
  );
  return changed ? { ...state, ...patch } : state;
}
