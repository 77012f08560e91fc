import type { Routing } from './plan.ts';
import type { RouteIntent } from './state.ts';

export const noTraffic: RouteIntent = { routing: { kind: 'weight', weightPercent: 0 }, tombstone: false };
export const tombstoneRoute: RouteIntent = { routing: { kind: 'weight', weightPercent: 0 }, tombstone: true };
export const allToCanary: RouteIntent = { routing: { kind: 'weight', weightPercent: 100 }, tombstone: false };

/**
 * How much of the users' traffic a routing can put on the canary, as a number that only orders routings: a weight is
 * itself, a match counts as the smallest share there is, a mirror and none put no user there.
 */
export function userShare(routing: Routing): number {
  switch (routing.kind) {
    case 'weight':
      return routing.weightPercent;
    case 'match':
      return Number.MIN_VALUE;
    case 'mirror':
    case 'none':
      return 0;
  }
}

/** Does any request reach the canary by the route, copies included? */
export function touchesCanary(routing: Routing): boolean {
  return userShare(routing) > 0 || (routing.kind === 'mirror' && routing.percent > 0);
}

/** `none` and weight 0 are the same to a data plane. */
export function sameRouting(a: Routing, b: Routing): boolean {
  if (!touchesCanary(a) && !touchesCanary(b)) return true;
  if (a.kind === 'weight' && b.kind === 'weight') return a.weightPercent === b.weightPercent;
  if (a.kind === 'mirror' && b.kind === 'mirror') return a.percent === b.percent;
  return a.kind === b.kind;
}

/**
 * Somebody lowered it: less reaches the canary than was last in force and than is asked for now. A weight of our own that is
 * merely not applied yet is never below what was last in force.
 */
export function isLowered(observed: Routing, lastInForce: Routing | null, asked: Routing): boolean {
  if (lastInForce === null || sameRouting(observed, asked)) return false;
  return reach(observed) < Math.min(reach(lastInForce), reach(asked));
}

/** Orders routings by how many requests, copies included, reach the canary: any user before any copy. */
function reach(routing: Routing): number {
  if (routing.kind === 'mirror') return Number.MIN_VALUE * (routing.percent > 0 ? 1 : 0);
  if (routing.kind === 'match') return Number.MIN_VALUE * 2;
  return userShare(routing);
}

export function describeRouting(routing: Routing): string {
  switch (routing.kind) {
    case 'weight':
      return `${routing.weightPercent} %`;
    case 'match':
      return 'matching requests';
    case 'mirror':
      return `a mirror of ${routing.percent} %`;
    case 'none':
      return 'no traffic';
  }
}
