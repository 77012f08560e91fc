import { canaryReplicas, modeOf, stableRolledOut, stableSuffices } from '../arms.ts';
import { type Context, type Move, move, stay, wait } from '../context.ts';
import { isExpired, noteProgress } from '../deadlines.ts';
import { clear, enterPromotion, enterStep, succeed } from '../next-step.ts';
import { rollBack } from '../rollback.ts';
import type { RolloutState } from '../state.ts';
import { isTrafficGone } from '../verified.ts';
import { passGatesFrom } from './at-gate.ts';
import { waitForCanary } from './canary-wait.ts';
import { counted } from '../words.ts';

/** Before the first step: stable, its floor and the route are right, then the canary is made (SPEC R11). */
export function starting(context: Context, state: RolloutState): Move {
  switch (modeOf(context)) {
    case 'first':
      return firstRevision(context, state);
    case 'inPlace':
      return passGatesFrom(context, state, 'Starting', (open) =>
        enterPromotion(context, cleared(context, open)),
      );
    case 'twoArm':
      if (state.phase === 'prepare') return prepare(context, state);
      return state.phase === 'drain' ? drainLeftover(context, state) : makeCanary(context, state);
  }
}

/** Nothing to compare with and nothing to go back to (SPEC R14). */
function firstRevision(context: Context, state: RolloutState): Move {
  if (stableRolledOut(context, state)) return succeed(context, state);
  const { stable } = context.observation;
  if (stable !== null && stable.revision === state.stable.revision && stable.failure !== null) {
    return rollBack(context, state, {
      endsAs: 'Failed',
      reason: 'workload-failed',
      message: `the first revision failed: ${stable.failure}`,
    });
  }
  const known = noteProgress(context, state, stable);
  if (known !== state) return stay(known);
  if (!isExpired(context, state.deadlineMs)) return stay(state);
  return rollBack(context, state, {
    endsAs: 'Failed',
    reason: 'deadline-exceeded',
    message: 'the first revision made no progress before its deadline',
  });
}

/**
 * An earlier run may have left its canary serving (`promotion-failed`), so nothing is lowered before stable can carry it,
 * and no canary is made before weight 0 is proven (SPEC R12).
 */
function prepare(context: Context, state: RolloutState): Move {
  const isQuiet = isTrafficGone(context);
  if (!stableSuffices(context) && !(state.skipRest === 'person' && isQuiet)) {
    if (isExpired(context, state.deadlineMs)) {
      return rollBack(context, state, {
        endsAs: 'Failed',
        reason: 'stable-not-ready',
        message: 'stable was not ready before the start, so there is nothing to go back to',
      });
    }
    return wait(context, state, {
      reason: 'waiting-for-stable',
      owner: 'workload',
      message: 'stable is not ready',
    });
  }
  if (!isQuiet)
    return wait(context, state, {
      reason: 'weight-not-verified',
      owner: 'data plane',
      message: 'weight 0 is not proven yet',
    });
  const { canary } = context.observation;
  const isLeftover = canary !== null && canary.replicas > 0 && canary.revision !== state.canary.revision;
  return isLeftover && canary.inFlight !== 0
    ? move(context, state, {
        to: 'Starting',
        phase: 'drain',
        reason: 'draining',
        message: 'requests in flight on the canary of an earlier run end by themselves',
        owner: 'data plane',
        deadlineMs: context.nowMs + context.plan.drainMs,
      })
    : startCanary(context, state);
}

function drainLeftover(context: Context, state: RolloutState): Move {
  const isOver = state.deadlineMs !== null && context.nowMs >= state.deadlineMs;
  return isOver || context.observation.canary?.inFlight === 0 ? startCanary(context, state) : stay(state);
}

function startCanary(context: Context, state: RolloutState): Move {
  const { plan, nowMs } = context;
  const first = plan.steps[0];
  const replicas =
    first === undefined || state.skipRest !== 'none' ? plan.replicas : canaryReplicas(plan, first.routing);
  return move(context, state, {
    to: 'Starting',
    phase: 'scale',
    reason: 'scaling-canary',
    message: `${counted(replicas, 'canary replica')} of ${state.canary.revision}`,
    owner: 'workload',
    deadlineMs: nowMs + plan.progressDeadlineMs,
    patch: { canary: { revision: state.canary.revision, replicas } },
  });
}

function makeCanary(context: Context, state: RolloutState): Move {
  const short = waitForCanary(context, state, 'the canary made no progress before its deadline');
  if (short !== null) return short;
  if (!stableSuffices(context) && state.skipRest !== 'person') {
    return wait(context, state, {
      reason: 'stable-not-ready',
      owner: 'workload',
      message: 'stable lost replicas',
    });
  }
  return passGatesFrom(context, state, 'Starting', (open) =>
    open.skipRest === 'none' ? enterStep(context, open, 0) : enterPromotion(context, cleared(context, open)),
  );
}

/** A skipped analysis is an exception to N1 and recorded as one (SPEC R16); a `promote` recorded its own. */
function cleared(context: Context, state: RolloutState): RolloutState {
  if (state.skipRest === 'plan') return { ...state, clearance: clear(context, state, 'skipAnalysis') };
  return state;
}
