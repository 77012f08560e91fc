import { modeOf } from './arms.ts';
import type { Context } from './context.ts';
import { originOf } from './origin.ts';
import { touchesCanary } from './routing.ts';
import type { RolloutState } from './state.ts';

/** Is it proven that no request reaches the canary by the route? What cannot be read is not proven. */
export function isTrafficGone(context: Pick<Context, 'observation'>): boolean {
  const { route } = context.observation;
  return route !== null && route.inForce && !touchesCanary(route.routing);
}

/** Is the route this run's by now? Until its first step it is what an earlier run left, or nobody's. */
export function ownsRoute(context: Context, state: RolloutState): boolean {
  const origin = originOf(state);
  return modeOf(context) === 'twoArm' && origin !== 'Pending' && origin !== 'Starting';
}

/** Paused because somebody else wrote the route: it is theirs until a person resumes. */
export function isFoundRoute(state: RolloutState): boolean {
  return state.name === 'Paused' && state.reason !== 'paused-by-person';
}
