import { stableSuffices } from '../arms.ts';
import { type Context, type Move, move, stay, wait } from '../context.ts';
import { isExpired } from '../deadlines.ts';
import { forecastFor } from '../power-gate.ts';
import { describeRouting } from '../routing.ts';
import type { RolloutState } from '../state.ts';
import { waitForCanary } from './canary-wait.ts';

/** Scale, then write the step's route, then prove it. Only then the step's clock starts, in Holding (SPEC R20, R23). */
export function stepping(context: Context, state: RolloutState): Move {
  return state.phase === 'shift' ? verify(context, state) : scale(context, state);
}

function scale(context: Context, state: RolloutState): Move {
  const short = waitForCanary(context, state, 'the canary could not be scaled before its deadline');
  if (short !== null) return short;
  if (!stableSuffices(context))
    return wait(context, state, {
      reason: 'stable-not-ready',
      owner: 'workload',
      message: 'stable lost replicas',
    });
  const { plan, nowMs } = context;
  const routing = plan.steps[state.step]?.routing ?? { kind: 'none' };
  return move(context, state, {
    to: 'Stepping',
    phase: 'shift',
    reason: 'shifting-to-canary',
    message: `step ${state.step + 1} of ${plan.steps.length}: ${describeRouting(routing)} to the canary`,
    owner: 'data plane',
    deadlineMs: nowMs + plan.verifyWithinMs,
    patch: {
      attempt: state.attempt + 1,
      route: { routing, tombstone: false },
      inForceSinceMs: null,
      forecastRequests: forecastFor(context, plan.steps[state.step]),
      heldMs: 0,
      excludedMs: 0,
    },
  });
}

/** What is not proven never advances (SPEC R22). */
function verify(context: Context, state: RolloutState): Move {
  if (state.inForceSinceMs === null) {
    if (!isExpired(context, state.deadlineMs)) return stay(state);
    return wait(context, state, {
      reason: 'weight-not-verified',
      owner: 'data plane',
      message: `${describeRouting(state.route.routing)} is written and not proven to be in force`,
    });
  }
  const step = context.plan.steps[state.step];
  return move(context, state, {
    to: 'Holding',
    reason: 'holding',
    message: `${describeRouting(state.route.routing)} to the canary is in force`,
    owner: 'controller',
    deadlineMs: step === undefined || step.maxMs === null ? null : context.nowMs + step.maxMs,
  });
}
