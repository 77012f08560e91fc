import type { RollParameters } from '../rollout/plan.ts';
import type { PlatformEffect, PlatformObservation, RolloutRecord } from './ports.ts';
import { currentRollout, type Service } from './service.ts';

/**
 * What the world lacks to be as the last rollout left it: stable at the promoted revision with the plan's replicas, no canary
 * and no weight on one; after a `Failed` run what that run's state says, since it may be the canary that serves.
 * Empty where nothing was promoted yet or all is so.
 */
export function settlingEffects(service: Service, seen: PlatformObservation): readonly PlatformEffect[] {
  const { canary, key } = service;
  const last = currentRollout(service);
  const { roll, replicas } = canary.spec.plan;
  const id = (what: string): string => `${key}/settle/${canary.generation}/${what}`;
  const failed =
    last !== null &&
    last.state.name === 'Failed' &&
    last.state.route.routing.kind === 'weight' &&
    last.state.route.routing.weightPercent > 0;
  if (failed) return asLeft(last, seen, roll, id);
  if (canary.promoted === null) return [];
  const { revision } = canary.promoted;
  const effects: PlatformEffect[] = [];
  if (seen.stable.revision !== revision || seen.stable.replicas !== replicas) {
    effects.push({ kind: 'setArm', id: id('stable'), arm: 'stable', revision, replicas, roll });
  }
  const { routing } = seen.route;
  if (routing.kind !== 'none' && !(routing.kind === 'weight' && routing.weightPercent === 0)) {
    const route = { routing: { kind: 'weight', weightPercent: 0 }, tombstone: false } as const;
    effects.push({ kind: 'setRoute', id: id('route'), route });
    return effects;
  }
  if (
    seen.canary.replicas > 0 &&
    seen.canary.revision !== null &&
    seen.route.inForce &&
    (seen.canary.inFlight ?? 0) === 0
  ) {
    effects.push({
      kind: 'setArm',
      id: id('canary'),
      arm: 'canary',
      revision: seen.canary.revision,
      replicas: 0,
      roll,
    });
  }
  if (seen.stable.floor !== 0) effects.push({ kind: 'setFloor', id: id('floor'), replicas: 0 });
  return effects;
}

/** Both arms as the run left them; the route is not touched. */
function asLeft(
  last: RolloutRecord,
  seen: PlatformObservation,
  roll: RollParameters,
  id: (what: string) => string,
): readonly PlatformEffect[] {
  return (['stable', 'canary'] as const).flatMap((arm) => {
    const { revision, replicas } = last.state[arm];
    if (seen[arm].revision === revision && seen[arm].replicas === replicas) return [];
    return [{ kind: 'setArm', id: id(arm), arm, revision, replicas, roll } as const];
  });
}
