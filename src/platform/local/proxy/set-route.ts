import type { ProxyRoute } from './messages.ts';
import type { Result } from '../../../lib/result.ts';
import { failure, ok } from '../../../lib/result.ts';
import { servesCanary } from './assignment.ts';

export interface RouteRefusal {
  readonly error: 'stale-epoch' | 'tombstone' | 'bad-request';
  readonly message: string;
}

/**
 * The route that is in force after `asked` was asked for. Refused are an epoch that was already there, and a weight above 0
 * for a rollout that was rolled back. A rollback's own write (its tombstone, for the rollout that is in force) reads nothing
 * first, so it cannot know the epoch: it is never stale.
 */
export function nextRoute(current: ProxyRoute | null, asked: ProxyRoute): Result<ProxyRoute, RouteRefusal> {
  const wrong = invalid(asked);
  if (wrong !== null) return failure({ error: 'bad-request', message: wrong });
  if (current === null) return ok(asked);
  const lowers =
    asked.tombstone !== null && asked.tombstone === asked.rollout && asked.rollout === current.rollout;
  if (asked.epoch <= current.epoch) {
    if (JSON.stringify(asked) === JSON.stringify(current)) return ok(current);
    if (!lowers) {
      return failure({
        error: 'stale-epoch',
        message: `epoch ${current.epoch} is in force, ${asked.epoch} was asked for`,
      });
    }
  }
  const stands = current.tombstone !== null && current.tombstone === asked.rollout;
  if (stands && (servesCanary(asked) || asked.mirrorPercent > 0)) {
    return failure({ error: 'tombstone', message: `rollout ${asked.rollout} was rolled back` });
  }
  const epoch = Math.max(asked.epoch, lowers ? current.epoch + 1 : 0);
  return ok({ ...asked, epoch, tombstone: stands ? current.tombstone : asked.tombstone });
}

/** The same route when no engine is there to take the canary's traffic back. */
export function unattendedRoute(route: ProxyRoute): ProxyRoute {
  return { ...route, weightPercent: 0, match: false, mirrorPercent: 0, sticky: false };
}

function invalid(route: ProxyRoute): string | null {
  if (typeof route !== 'object' || route === null) return 'route is missing';
  if (!Number.isSafeInteger(route.epoch)) return 'epoch is not a whole number';
  if (!isPercent(route.weightPercent) || !isPercent(route.mirrorPercent))
    return 'a percentage is not within 0 and 100';
  if (typeof route.match !== 'boolean' || typeof route.sticky !== 'boolean')
    return 'match and sticky are true or false';
  if (typeof route.rollout !== 'string') return 'rollout is not a text';
  if (route.tombstone !== null && typeof route.tombstone !== 'string')
    return 'tombstone is neither a text nor null';
  if (route.tombstone !== null && (servesCanary(route) || route.mirrorPercent > 0))
    return 'a tombstone goes with weight 0 and no match or mirror';
  if (route.unattended !== 'stable' && route.unattended !== 'keep') return 'unattended is stable or keep';
  return Number.isFinite(route.unattendedMs) && route.unattendedMs > 0 ? null : 'unattendedMs is not above 0';
}

function isPercent(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 100;
}
