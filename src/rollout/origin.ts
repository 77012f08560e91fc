import type { RolloutState, StateName } from './state.ts';

/** AwaitingApproval comes back as the state that asks again. */
export function originOf(state: RolloutState): StateName {
  return (state.name === 'AwaitingApproval' || state.name === 'Paused') && state.resume !== null
    ? state.resume
    : state.name;
}
