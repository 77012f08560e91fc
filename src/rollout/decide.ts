import { assert } from '../lib/assert.ts';
import { advance } from './advance.ts';
import { effectsOf } from './effects-of.ts';
import { checkInvariants } from './invariants.ts';
import { notices } from './notices.ts';
import { wakeAtMs } from './wake.ts';
import type { Effect, Transition } from './effect.ts';
import type { ActionKind, Observation } from './observation.ts';
import type { Plan } from './plan.ts';
import type { Actor, RolloutState } from './state.ts';

/** Which run this is. */
export interface RolloutIdentity {
  readonly uid: string;
  /** `<canary>-<revision>-<attempt>` */
  readonly name: string;
  readonly revision: string;
  /** Revision that stable runs at the start; null for the first revision of a service. */
  readonly stableRevision: string | null;
}

export interface DecideInput {
  readonly identity: RolloutIdentity;
  readonly plan: Plan;
  readonly state: RolloutState;
  readonly observation: Observation;
  readonly nowMs: number;
}

/** What became of a person's or a pipeline's command. Every action of the observation is answered exactly once. */
export interface ActionOutcome {
  readonly id: string;
  readonly kind: ActionKind;
  readonly actor: Actor;
  readonly accepted: boolean;
  /** For people: what it did, or why it meant nothing. */
  readonly message: string;
  readonly atMs: number;
}

export interface Decision {
  /** The same reference as the input's where nothing changed. */
  readonly state: RolloutState;
  /** What the world still lacks to be as `state` says. */
  readonly effects: readonly Effect[];
  /** Transitions taken, in order. Recorded with the state's write. */
  readonly transitions: readonly Transition[];
  /** Actions consumed in this decision, in the order in which they were weighed. Recorded with the state's write. */
  readonly actions: readonly ActionOutcome[];
  /** Look again at this instant at the latest; null: only when something changes. */
  readonly wakeAtMs: number | null;
}

/**
 * What a rollout does next, given everything that is known. Pure and total: it never fails, never reads a clock, and asked
 * again with the same picture it says the same. SPEC.md is its contract.
 */
export function decide(input: DecideInput): Decision {
  const { state: before, ...context } = input;
  const advanced = advance(context, before);
  const { state } = advanced;
  const decision: Decision = {
    state,
    effects: [...effectsOf(context, state), ...notices(context, state, advanced.transitions)],
    transitions: advanced.transitions,
    actions: advanced.actions,
    wakeAtMs: wakeAtMs(context, state),
  };
  const broken = checkInvariants(input, decision);
  assert(broken.length === 0, broken.join('; '));
  return decision;
}
