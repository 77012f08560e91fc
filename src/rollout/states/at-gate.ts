import { type Context, type Move, move, stay, wait } from '../context.ts';
import { type Gate, type GateOutcome, gatesFrom, passGates } from '../gates.ts';
import { rollBack } from '../rollback.ts';
import type { Reason, RolloutState, StateName } from '../state.ts';
import { heldMs } from '../verdict.ts';

type Origin = Extract<StateName, 'Pending' | 'Starting' | 'Holding'>;

/**
 * Goes through the gates that follow `origin`. A gate that was called stays in `origin` until it answers; a refusal, or a
 * person to be asked, is AwaitingApproval, which comes back to `origin` when all are open: what held then must hold now.
 */
export function passGatesFrom(
  context: Context,
  state: RolloutState,
  origin: Origin,
  onOpen: (state: RolloutState) => Move,
): Move {
  const outcome = passGates(context, state, gatesFrom(context, state, origin));
  switch (outcome.kind) {
    case 'open':
      return outcome.state === state ? onOpen(state) : stay(outcome.state);
    case 'asking':
      return outcome.state === state ? wait(context, state, waitingFor(outcome.gate)) : stay(outcome.state);
    case 'rollback':
      return refusedForGood(context, outcome);
    case 'refused':
      return move(context, outcome.state, {
        to: 'AwaitingApproval',
        phase: state.phase,
        ...waitingFor(outcome.gate),
        // The step's longest time goes on running while it waits.
        deadlineMs: origin === 'Holding' ? state.deadlineMs : null,
        patch: { resume: origin, heldMs: heldMs(context, state) },
      });
  }
}

/** The same while waiting: polls, and goes back to the origin once every gate is open. */
export function awaitingApproval(context: Context, state: RolloutState): Move {
  const origin: Origin = state.resume === 'Pending' || state.resume === 'Starting' ? state.resume : 'Holding';
  const outcome = passGates(context, state, gatesFrom(context, state, origin));
  switch (outcome.kind) {
    case 'open':
      return outcome.state === state ? backTo(context, state, origin) : stay(outcome.state);
    case 'rollback':
      return refusedForGood(context, outcome);
    case 'asking':
    case 'refused':
      return outcome.state === state ? wait(context, state, waitingFor(outcome.gate)) : stay(outcome.state);
  }
}

function backTo(context: Context, state: RolloutState, origin: Origin): Move {
  return move(context, state, {
    to: origin,
    phase: state.phase,
    reason: originReason(origin),
    message: 'the gates are open',
    owner: 'controller',
    deadlineMs: origin === 'Starting' ? context.nowMs + context.plan.progressDeadlineMs : state.deadlineMs,
    patch: { resume: null },
  });
}

function originReason(origin: Origin): Reason {
  if (origin === 'Pending') return 'new-revision';
  return origin === 'Starting' ? 'scaling-canary' : 'holding';
}

function refusedForGood(
  context: Context,
  outcome: Extract<GateOutcome, { readonly kind: 'rollback' }>,
): Move {
  const name = outcome.gate.kind === 'hook' ? outcome.gate.hook.name : 'the approval';
  const message =
    outcome.reason === 'hook-failed'
      ? `${name} failed as often as checks may`
      : `${name} was not passed before its deadline`;
  return rollBack(context, outcome.state, { endsAs: 'RolledBack', reason: outcome.reason, message });
}

function waitingFor(gate: Gate): {
  readonly reason: Reason;
  readonly owner: 'webhook' | 'person';
  readonly message: string;
} {
  return gate.kind === 'hook'
    ? { reason: gate.reason, owner: 'webhook', message: `waits for ${gate.hook.name} to pass` }
    : { reason: gate.reason, owner: 'person', message: 'waits for a person to approve' };
}
