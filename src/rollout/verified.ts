import type { Context } from './context.ts';
import { touchesCanary } from './routing.ts';

/** Is it proven that no request reaches the canary by the route? What cannot be read is not proven. */
export function isTrafficGone(context: Pick<Context, 'observation'>): boolean {
  const { route } = context.observation;
  return route !== null && route.inForce && !touchesCanary(route.routing);
}
