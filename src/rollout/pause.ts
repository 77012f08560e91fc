import { type Context, type Move, move } from './context.ts';
import { canarySuffices } from './arms.ts';
import { freshDeadline } from './deadlines.ts';
import { enterStep } from './next-step.ts';
import { originOf } from './origin.ts';
import { allToCanary } from './routing.ts';
import type { Actor, RolloutState, StateName } from './state.ts';
import { heldMs, verdictOf } from './verdict.ts';

export interface PauseCause {
  readonly reason: 'paused-by-person' | 'lowered-elsewhere' | 'foreign-writer';
  readonly message: string;
  readonly actor: Actor;
}

/** Stops the clocks, not the judging (SPEC R63). The route is left as it is found: what somebody lowered is not raised again (SPEC R70). */
export function pause(context: Context, state: RolloutState, cause: PauseCause): Move {
  const { route } = context.observation;
  const isFound = cause.reason === 'lowered-elsewhere' && route !== null;
  return move(context, state, {
    to: 'Paused',
    phase: state.phase,
    reason: cause.reason,
    message: cause.message,
    owner: 'person',
    actor: cause.actor,
    patch: {
      resume: originOf(state),
      heldMs: heldMs(context, state),
      ...(isFound ? { route: { routing: route.routing, tombstone: false } } : {}),
    },
  });
}

/** A person goes on. Where the route was found lowered, the same step is written and proven anew, as another attempt. */
export function resume(context: Context, state: RolloutState, actor: Actor): Move | string {
  const origin = state.resume ?? 'Pending';
  const known = { ...state, toleratedWriter: context.observation.route?.foreignWriter ?? null };
  if (state.reason === 'paused-by-person') return goOn(context, known, origin, actor, {});
  if (origin === 'Stepping' || origin === 'Holding') return enterStep(context, known, state.step, actor);
  const patch = restoredRoute(context, state, origin);
  if (patch.route !== undefined && !canarySuffices(context, state))
    return 'the canary has too few replicas for its traffic';
  return goOn(context, known, origin, actor, patch);
}

function goOn(
  context: Context,
  state: RolloutState,
  origin: StateName,
  actor: Actor,
  patch: Partial<RolloutState>,
): Move {
  const verdict = verdictOf(context, state);
  return move(context, state, {
    to: origin,
    phase: state.phase,
    reason:
      origin === 'Holding'
        ? 'holding'
        : origin === 'Baking'
          ? 'baking'
          : origin === 'Pending'
            ? 'new-revision'
            : 'scaling-canary',
    message: 'goes on after a pause',
    owner: 'controller',
    actor,
    deadlineMs: freshDeadline(context, state, origin),
    patch: {
      resume: null,
      excludedMs: verdict === null ? state.excludedMs : Math.max(0, verdict.judgedMs - state.heldMs),
      ...patch,
    },
  });
}

/** In a promotion the route to come back to is all traffic, or the last step's where stable is rolled under the canary's share. */
function restoredRoute(context: Context, state: RolloutState, origin: StateName): Partial<RolloutState> {
  if (state.phase !== 'shift' && state.phase !== 'roll' && state.phase !== 'none') return {};
  const { plan } = context;
  const last = plan.steps.at(-1);
  const isShared =
    origin === 'Promoting' &&
    plan.promotion === 'rolling' &&
    plan.strategy !== 'BlueGreen' &&
    state.skipRest === 'none';
  const route = isShared && last !== undefined ? { routing: last.routing, tombstone: false } : allToCanary;
  // Less than this is in force by now: to raise it again is what the resumption asks for.
  return { route, inForceSinceMs: null, routeInForce: context.observation.route?.routing ?? null };
}
