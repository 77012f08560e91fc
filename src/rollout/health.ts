import { canarySuffices, modeOf } from './arms.ts';
import { type Context, type Move, patched, stay } from './context.ts';
import { flapMs, isExpired } from './deadlines.ts';
import { rollBack } from './rollback.ts';
import { touchesCanary, userShare } from './routing.ts';
import type { RolloutState } from './state.ts';

/**
 * Watches the canary in every state in which it may have traffic (SPEC R33). A crash rolls back at once; too few replicas
 * hold the rollout and roll it back at the progress deadline; none at all only as long as a probe may flap.
 */
export function watchCanary(context: Context, state: RolloutState): Move {
  if (modeOf(context) !== 'twoArm' || !isCarrying(state)) return stay(state);
  const { canary } = context.observation;
  if (canary === null) return stay(state);
  if (canary.revision === state.canary.revision && canary.failure !== null)
    return failed(context, state, `the canary failed: ${canary.failure}`);
  const hasTraffic = state.routeInForce !== null && userShare(state.routeInForce) > 0;
  if (hasTraffic && canary.ready === 0 && canary.restarts > 0)
    return failed(context, state, `the canary crashed under traffic (${canary.restarts} restarts)`);
  if (isGrowing(state)) return stay(state);
  if (canarySuffices(context, state)) return stay(patched(state, { notReadySinceMs: null }));
  const since = state.notReadySinceMs ?? context.nowMs;
  if (hasTraffic && canary.ready === 0 && isExpired(context, since + flapMs))
    return failed(context, state, 'no canary replica is ready under traffic');
  if (isExpired(context, since + context.plan.progressDeadlineMs)) {
    return rollBack(context, state, {
      endsAs: 'RolledBack',
      reason: 'deadline-exceeded',
      message: `the canary has ${canary.available} of ${state.canary.replicas} replicas available`,
    });
  }
  return stay(patched(state, { notReadySinceMs: since }));
}

function failed(context: Context, state: RolloutState, message: string): Move {
  return rollBack(context, state, { endsAs: 'RolledBack', reason: 'workload-failed', message });
}

function isCarrying(state: RolloutState): boolean {
  if (state.canary.replicas === 0) return false;
  if (state.name === 'Promoting') return state.phase !== 'shiftBack';
  if (state.name === 'Draining') return state.phase === 'roll' && touchesCanary(state.route.routing);
  return true;
}

/** Being scaled up: its own rule has the progress deadline. */
function isGrowing(state: RolloutState): boolean {
  return state.phase === 'scale' || state.phase === 'rescue';
}
