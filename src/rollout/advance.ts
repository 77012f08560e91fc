import { assert } from '../lib/assert.ts';
import { act, isUrgent, openActions } from './actions.ts';
import { type Context, type Move, stay } from './context.ts';
import type { ActionOutcome } from './decide.ts';
import type { Transition } from './effect.ts';
import { noteFacts } from './facts.ts';
import { isTerminal } from './lifecycle.ts';
import { interference, judged, tombstoneSeen, wishes } from './overriding.ts';
import { poll } from './polls.ts';
import type { RolloutState } from './state.ts';
import { stateRule } from './states/state-rule.ts';

export interface Advanced {
  readonly state: RolloutState;
  readonly transitions: readonly Transition[];
  readonly actions: readonly ActionOutcome[];
}

/** Far more than any chain of transitions that one picture can cause; each open action may add one. */
const maxRounds = 64;

/** Applies the rules to the same picture until none of them changes anything, so that looking again changes nothing (SPEC R3). */
export function advance(context: Context, from: RolloutState): Advanced {
  const transitions: Transition[] = [];
  const actions: ActionOutcome[] = [];
  const limit = maxRounds + 2 * context.observation.actions.length;
  let state = from;
  for (let round = 0; ; round += 1) {
    assert(
      round < limit,
      `a decision comes to rest, but ${state.name}/${state.phase} (${state.reason}) did not`,
    );
    const known = noteFacts(context, state);
    const next = oneRule(context, known, actions);
    if (next.transition !== null) transitions.push(next.transition);
    if (next.state === state) return { state, transitions, actions };
    state = next.state;
  }
}

/** One rule: the first that has something to say. Their order is the order of precedence in SPEC R1. */
function oneRule(context: Context, state: RolloutState, outcomes: ActionOutcome[]): Move {
  const [action] = openActions(context, state);
  const settled = isTerminal(state) || state.name === 'RollingBack';
  if (!settled) {
    const decided = tombstoneSeen(context, state);
    if (decided.state !== state) return decided;
  }
  if (action !== undefined && (settled || isUrgent(action) || context.observation.suspended))
    return consume(context, state, action, outcomes);
  if (settled) return stateRule(context, state);
  // Suspended: all stays as it is (SPEC R76).
  if (context.observation.suspended) return stay(state);
  for (const rule of [wishes, judged]) {
    const next = rule(context, state);
    if (next.state !== state) return next;
  }
  if (action !== undefined) return consume(context, state, action, outcomes);
  const found = interference(context, state);
  if (found.state !== state) return found;
  const polled = poll(context, state);
  return polled === state ? stateRule(context, state) : stay(polled);
}

function consume(
  context: Context,
  state: RolloutState,
  action: Parameters<typeof act>[2],
  outcomes: ActionOutcome[],
): Move {
  const acted = act(context, state, action);
  outcomes.push(acted.outcome);
  return acted.move;
}
