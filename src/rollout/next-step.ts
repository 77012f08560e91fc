import { canaryReplicas, modeOf } from './arms.ts';
import { type Context, controller, type Move, move } from './context.ts';
import { describeRouting, noTraffic } from './routing.ts';
import type { Actor, Clearance, RolloutState } from './state.ts';
import { counted } from './words.ts';

/** Permission to leave the state's step; without one the weight cannot rise (SPEC N1). */
export function clear(
  context: Context,
  state: RolloutState,
  kind: Clearance['kind'],
  actor: Actor = controller,
): Clearance {
  return { step: state.step, attempt: state.attempt, kind, actor, atMs: context.nowMs };
}

/** To the next step of the plan, or to the promotion after the last. */
export function leaveStep(context: Context, state: RolloutState, clearance: Clearance): Move {
  const cleared = { ...state, clearance };
  return state.step + 1 < context.plan.steps.length
    ? enterStep(context, cleared, state.step + 1, clearance.actor)
    : enterPromotion(context, cleared);
}

/** Gives the canary its replicas for the step first; the route follows when they are there. */
export function enterStep(
  context: Context,
  state: RolloutState,
  step: number,
  actor: Actor = controller,
): Move {
  const { plan, nowMs } = context;
  const routing = plan.steps[step]?.routing ?? noTraffic.routing;
  const replicas = Math.max(state.canary.replicas, canaryReplicas(plan, routing));
  return move(context, state, {
    to: 'Stepping',
    phase: 'scale',
    reason: 'scaling-canary',
    message: `step ${step + 1} of ${plan.steps.length}: ${counted(replicas, 'canary replica')} for ${describeRouting(routing)}`,
    owner: 'workload',
    actor,
    deadlineMs: nowMs + plan.progressDeadlineMs,
    patch: { step, canary: { revision: state.canary.revision, replicas }, resume: null },
  });
}

/** Takes all traffic to the canary first where the promotion wants that, else rolls stable under the canary's share. */
export function enterPromotion(context: Context, state: RolloutState): Move {
  const { plan, nowMs } = context;
  const actor = state.clearance?.actor ?? controller;
  const promoting = { ...state, step: plan.steps.length, resume: null };
  if (modeOf(context) === 'inPlace') return rollInPlace(context, promoting, actor);
  if (plan.promotion === 'rolling' && plan.strategy !== 'BlueGreen')
    return rollStable(context, promoting, 'Promoting');
  return move(context, promoting, {
    to: 'Promoting',
    phase: 'scale',
    reason: 'shifting-to-canary',
    message: `${counted(plan.replicas, 'canary replica')} for all traffic`,
    owner: 'workload',
    actor,
    deadlineMs: nowMs + plan.progressDeadlineMs,
    patch: {
      canary: { revision: state.canary.revision, replicas: Math.max(state.canary.replicas, plan.replicas) },
    },
  });
}

/** Sets stable to the judged revision. In Draining it is idle by then, in Promoting it serves the rest meanwhile. */
export function rollStable(context: Context, state: RolloutState, to: 'Promoting' | 'Draining'): Move {
  const { identity, plan, nowMs } = context;
  return move(context, state, {
    to,
    phase: 'roll',
    reason: to === 'Draining' ? 'rolling-idle-stable' : 'rolling-stable',
    message: `stable is rolled from ${identity.stableRevision ?? 'nothing'} to ${identity.revision}`,
    owner: 'workload',
    actor: state.name === to ? controller : (state.clearance?.actor ?? controller),
    deadlineMs: nowMs + plan.progressDeadlineMs,
    patch: { stable: { revision: identity.revision, replicas: state.stable.replicas }, stableRolled: true },
  });
}

/** Rolling and Recreate: the one arm is changed, watched, and undone on a verdict or the deadline (SPEC R15). */
function rollInPlace(context: Context, state: RolloutState, actor: Actor): Move {
  const { identity, plan, nowMs } = context;
  return move(context, state, {
    to: 'Promoting',
    phase: 'roll',
    reason: 'rolling-stable',
    message:
      plan.roll.kind === 'recreate'
        ? `all replicas stop, then start as ${identity.revision}: the service is down meanwhile`
        : `replicas are replaced by ${identity.revision}`,
    owner: 'workload',
    actor,
    deadlineMs: nowMs + plan.progressDeadlineMs,
    patch: {
      attempt: state.attempt + 1,
      inForceSinceMs: nowMs,
      heldMs: 0,
      excludedMs: 0,
      stable: { revision: identity.revision, replicas: state.stable.replicas },
      stableRolled: true,
    },
  });
}

/** The end of a promotion. */
export function succeed(context: Context, state: RolloutState): Move {
  const { identity, nowMs } = context;
  return move(context, state, {
    to: 'Promoted',
    reason: state.skipRest === 'plan' ? 'skipped-analysis' : 'succeeded',
    message: `${identity.revision} is stable`,
    owner: 'controller',
    patch: { endedAtMs: nowMs },
  });
}
