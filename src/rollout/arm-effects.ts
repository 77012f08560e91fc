import { modeOf } from './arms.ts';
import type { Context } from './context.ts';
import type { Effect } from './effect.ts';
import { originOf } from './origin.ts';
import { touchesCanary } from './routing.ts';
import type { RolloutState } from './state.ts';
import { isTrafficGone } from './verified.ts';

/** Floor (SPEC N9), stable, canary (SPEC N3), streams. Stable before the canary: capacity comes before it is needed elsewhere. */
export function armEffects(context: Context, state: RolloutState): readonly Effect[] {
  if (originOf(state) === 'Pending') return [];
  return [
    ...floor(context, state),
    ...stable(context, state),
    ...canary(context, state),
    ...streams(context, state),
  ];
}

function floor(context: Context, state: RolloutState): readonly Effect[] {
  const arm = context.observation.stable;
  if (arm === null || arm.floor >= state.stable.replicas || modeOf(context) === 'first') return [];
  return [
    {
      kind: 'setFloor',
      id: `${context.identity.uid}/floor/${state.stable.replicas}`,
      replicas: state.stable.replicas,
    },
  ];
}

function stable(context: Context, state: RolloutState): readonly Effect[] {
  const arm = context.observation.stable;
  const { revision } = state.stable;
  // Unreadable: only what a rollback needs, setting the template back, goes out blindly.
  if (arm === null)
    return state.name === 'RollingBack' && state.stableRolled
      ? [setArm(context, state, 'stable', revision, state.stable.replicas)]
      : [];
  if (arm.revision === revision && arm.replicas >= state.stable.replicas) return [];
  return [setArm(context, state, 'stable', revision, Math.max(arm.replicas, state.stable.replicas))];
}

function canary(context: Context, state: RolloutState): readonly Effect[] {
  const arm = context.observation.canary;
  if (arm === null || modeOf(context) !== 'twoArm') return [];
  const { revision, replicas } = state.canary;
  const isQuiet = isTrafficGone(context);
  if (state.phase === 'scaleDown') {
    return arm.replicas > 0 && isQuiet ? [setArm(context, state, 'canary', arm.revision ?? revision, 0)] : [];
  }
  if (!isKept(state) || (arm.revision === revision && arm.replicas >= replicas)) return [];
  // An earlier run's canary is replaced only once it is proven to have no traffic.
  if (arm.revision !== revision && arm.replicas > 0 && !isQuiet) return [];
  return [
    setArm(
      context,
      state,
      'canary',
      revision,
      Math.max(replicas, arm.revision === revision ? arm.replicas : 0),
    ),
  ];
}

/** States that want the canary to be there. A rollback does not repair it, and after a reboot nobody needs it. */
function isKept(state: RolloutState): boolean {
  if (state.canary.replicas === 0 || state.name === 'RollingBack') return false;
  return state.name !== 'Draining' || touchesCanary(state.route.routing) || state.phase === 'rescue';
}

function streams(context: Context, state: RolloutState): readonly Effect[] {
  if (state.phase !== 'closeStreams') return [];
  return [
    {
      kind: 'closeStreams',
      id: `${context.identity.uid}/${state.step}/${state.attempt}/streams/canary`,
      arm: 'canary',
    },
  ];
}

function setArm(
  context: Context,
  state: RolloutState,
  arm: 'stable' | 'canary',
  revision: string,
  replicas: number,
): Effect {
  const id = `${context.identity.uid}/${state.step}/${state.attempt}/arm/${arm}/${revision}/${replicas}`;
  return { kind: 'setArm', id, arm, revision, replicas, roll: context.plan.roll };
}
