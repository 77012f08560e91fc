import { armEffects } from './arm-effects.ts';
import { canarySuffices } from './arms.ts';
import type { Context } from './context.ts';
import type { Effect } from './effect.ts';
import { hookEffects } from './hook-effects.ts';
import { isTerminal } from './lifecycle.ts';
import { originOf } from './origin.ts';
import type { Routing } from './plan.ts';
import { sameRouting, touchesCanary, userShare } from './routing.ts';
import type { RolloutState } from './state.ts';
import { isFoundRoute } from './verified.ts';

/**
 * What the world lacks to be as the state says: the difference between what is wanted and what is seen, so that any number
 * of repeats after any crash converges (SPEC N8). The route comes first: of a rollback nothing is before it (SPEC N5).
 */
export function effectsOf(context: Context, state: RolloutState): readonly Effect[] {
  if (isTerminal(state)) return [...liftFloor(context, state), ...hookEffects(context, state)];
  if (context.observation.suspended && state.decidedAtMs === null) return [];
  return [...routeEffects(context, state), ...armEffects(context, state), ...hookEffects(context, state)];
}

function routeEffects(context: Context, state: RolloutState): readonly Effect[] {
  if (!wantsRoute(context, state)) return [];
  const { routing } = state.route;
  const shown = routing.kind === 'weight' ? routing.weightPercent : routing.kind;
  const id = `${context.identity.uid}/${state.step}/${state.attempt}/route/${state.route.tombstone ? 'tombstone' : shown}`;
  return [{ kind: 'setRoute', id, route: state.route }];
}

function wantsRoute(context: Context, state: RolloutState): boolean {
  const { route } = context.observation;
  if (state.name === 'RollingBack') return wantsTombstone(context, state);
  // What cannot be read is not written: it may have been lowered by hand since.
  if (route === null || originOf(state) === 'Pending' || isFoundRoute(state)) return false;
  // An earlier run's canary may be all that serves: nothing is lowered onto a stable that cannot carry it.
  if (!touchesCanary(state.route.routing) && state.stableGone && touchesCanary(route.routing)) return false;
  if (isRiseOntoTooFew(context, state, route.routing)) return false;
  return !route.inForce || !sameRouting(route.routing, state.route.routing);
}

/** The canary may have lost replicas since the rise was decided (SPEC N2); the rescue takes what there is. */
function isRiseOntoTooFew(context: Context, state: RolloutState, found: Routing): boolean {
  if (userShare(state.route.routing) <= userShare(found) || state.phase === 'rescue') return false;
  return !canarySuffices(context, state);
}

/** N5: written at once, whatever can be read. The one wait is for a stable that serves nobody, while the canary serves some (SPEC R47). */
function wantsTombstone(context: Context, state: RolloutState): boolean {
  const { route } = context.observation;
  const asked = state.routeInForce === null ? state.attempt > 0 : touchesCanary(state.routeInForce);
  const mayServe = route === null ? asked : touchesCanary(route.routing);
  if (state.stableGone && mayServe) return false;
  return (
    route === null ||
    !route.inForce ||
    touchesCanary(route.routing) ||
    route.tombstone !== context.identity.uid
  );
}

/** N9 holds until the end, so the floor is lifted after it; a superseded run leaves it to its successor. */
function liftFloor(context: Context, state: RolloutState): readonly Effect[] {
  const { stable } = context.observation;
  if (state.name === 'Superseded' || state.transitions === 0 || stable === null || stable.floor === 0)
    return [];
  return [{ kind: 'setFloor', id: `${context.identity.uid}/floor/0`, replicas: 0 }];
}
