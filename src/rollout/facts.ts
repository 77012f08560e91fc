import { type Context, patched } from './context.ts';
import { forgiveOutage, heartbeatMs, isReadable, outageMs } from './deadlines.ts';
import { isTerminal } from './lifecycle.ts';
import { sameRouting } from './routing.ts';
import type { RolloutState } from './state.ts';
import { heldMs, verdictOf } from './verdict.ts';
import { ownsRoute } from './verified.ts';

/** Takes into the state what the observation says, before any rule is asked. Decides nothing. */
export function noteFacts(context: Context, state: RolloutState): RolloutState {
  if (isTerminal(state)) return state;
  return noteOnset(context, noteRoute(context, noteStable(context, noteSeen(context, state))));
}

/** Outages and the heartbeat (SPEC R60, R61). While suspended nobody looks, so that a resumption is the end of an outage. */
function noteSeen(context: Context, state: RolloutState): RolloutState {
  const { nowMs, observation } = context;
  const gapMs = nowMs - state.lastSeenAtMs;
  if (!isReadable(context) || gapMs < heartbeatMs || (observation.suspended && state.decidedAtMs === null))
    return state;
  const known = gapMs > outageMs ? forgiveOutage(state, gapMs) : state;
  return { ...known, lastSeenAtMs: nowMs, heldMs: heldMs(context, state) };
}

function noteStable(context: Context, state: RolloutState): RolloutState {
  const { stable } = context.observation;
  return stable === null
    ? state
    : patched(state, { stableGone: stable.ready + stable.readyOfOtherRevisions === 0 });
}

/** When the asked route is in force, and when it no longer is. Unreadable is neither: blocks say what was served meanwhile. */
function noteRoute(context: Context, state: RolloutState): RolloutState {
  const { route } = context.observation;
  if (route === null || state.name === 'RollingBack' || !ownsRoute(context, state)) return state;
  if (!route.inForce || !sameRouting(route.routing, state.route.routing))
    return patched(state, { inForceSinceMs: null });
  if (state.inForceSinceMs !== null) return state;
  const routing = state.route.routing;
  const weights = state.weightsInForce;
  const weight = routing.kind === 'weight' ? routing.weightPercent : null;
  return {
    ...state,
    inForceSinceMs: context.nowMs,
    routeInForce: routing,
    weightsInForce:
      weight === null || weight === 0 || weights.includes(weight) ? weights : [...weights, weight],
  };
}

function noteOnset(context: Context, state: RolloutState): RolloutState {
  const onsetAtMs = verdictOf(context, state)?.firstFailureAtMs ?? null;
  return state.onsetAtMs !== null || onsetAtMs === null ? state : { ...state, onsetAtMs };
}
