import type { RouteIntent } from '../../rollout/state.ts';
import type { Routing } from '../../rollout/plan.ts';
import type { ProxyRoute } from './proxy/messages.ts';

/** Without an engine for this long a worker takes the canary's traffic back to stable. */
const unattendedLimitMs = 5 * 60_000;

export interface RouteContext {
  readonly epoch: number;
  /** Rollout uid; '' = none. */
  readonly rollout: string;
  /** The service has a sticky cookie. */
  readonly stickyCookie: boolean;
  /** A ready replica of stable exists. */
  readonly stableServes: boolean;
}

/** What the proxy is to do for what the rollout wants. */
export function routeFor(intent: RouteIntent, context: RouteContext): ProxyRoute {
  const { routing } = intent;
  const weightPercent = !intent.tombstone && routing.kind === 'weight' ? routing.weightPercent : 0;
  return {
    epoch: context.epoch,
    weightPercent,
    match: !intent.tombstone && routing.kind === 'match',
    mirrorPercent: !intent.tombstone && routing.kind === 'mirror' ? routing.percent : 0,
    sticky: context.stickyCookie && weightPercent > 0,
    tombstone: intent.tombstone ? context.rollout : null,
    rollout: context.rollout,
    unattended: weightPercent === 100 && !context.stableServes ? 'keep' : 'stable',
    unattendedMs: unattendedLimitMs,
  };
}

/** The rollback's write: whatever was, nothing but stable from here. */
export function zeroRoute(epoch: number, rollout: string): ProxyRoute {
  const intent: RouteIntent = { routing: { kind: 'weight', weightPercent: 0 }, tombstone: true };
  return routeFor(intent, { epoch, rollout, stickyCookie: false, stableServes: true });
}

/** null: a worker without a route, which serves stable only. */
export function routingOf(route: ProxyRoute | null): Routing {
  if (route?.match === true) return { kind: 'match' };
  if (route !== null && route.mirrorPercent > 0) return { kind: 'mirror', percent: route.mirrorPercent };
  return { kind: 'weight', weightPercent: route?.weightPercent ?? 0 };
}

/** Does any request reach the canary, copies included? */
export function reachesCanary(route: ProxyRoute | null): boolean {
  return route !== null && (route.weightPercent > 0 || route.match || route.mirrorPercent > 0);
}

/** Do both send every request the same way and refuse the same rollout? Their epochs may differ. */
export function sameContent(a: ProxyRoute | null, b: ProxyRoute | null): boolean {
  if (!reachesCanary(a) && !reachesCanary(b)) return (a?.tombstone ?? null) === (b?.tombstone ?? null);
  return (
    a !== null &&
    b !== null &&
    a.weightPercent === b.weightPercent &&
    a.match === b.match &&
    a.mirrorPercent === b.mirrorPercent &&
    a.sticky === b.sticky &&
    a.rollout === b.rollout &&
    a.unattended === b.unattended
  );
}

/** Is the route in a worker what was asked for? A fresh worker has no tombstone, but what it does is the same. */
export function isInForce(asked: ProxyRoute | null, held: ProxyRoute | null): boolean {
  if (!reachesCanary(asked) && held === null) return true;
  return sameContent(asked, held);
}

/**
 * Of two that a data plane holds the one to go on with: the later one, of the same epoch the one that lets less through (a
 * worker lowers its route by itself when no engine is there).
 */
export function laterRoute(a: ProxyRoute | null, b: ProxyRoute): ProxyRoute {
  if (a === null || b.epoch > a.epoch) return b;
  if (b.epoch < a.epoch) return a;
  return reachesCanary(a) && !reachesCanary(b) ? b : a;
}
