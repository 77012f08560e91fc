import type { Verdict } from '../analysis/judge.ts';
import { modeOf } from './arms.ts';
import { type Context, controller, type Move, move, patched, stay } from './context.ts';
import { isBudgetSpent } from './gates.ts';
import { watchCanary } from './health.ts';
import { pause } from './pause.ts';
import { hookAskedForRollback } from './polls.ts';
import { rollBack } from './rollback.ts';
import { isLowered, noTraffic, touchesCanary } from './routing.ts';
import type { RolloutState } from './state.ts';
import { failureWords, isJudged, verdictOf } from './verdict.ts';
import { ownsRoute } from './verified.ts';

/** The data plane carries this run's tombstone: the decision was written there before it was persisted (SPEC R46). */
export function tombstoneSeen(context: Context, state: RolloutState): Move {
  if (context.observation.route?.tombstone !== context.identity.uid) return stay(state);
  return rollBack(context, state, {
    endsAs: 'RolledBack',
    reason: 'tombstone',
    message: 'the data plane carries the tombstone of this run',
  });
}

/** What is asked of the run from outside, in the order of its weight: deleting (SPEC R71), a reboot (R72), a back-out (R73), a newer revision (R74, N12), no target (R75). */
export function wishes(context: Context, state: RolloutState): Move {
  const { observation, identity } = context;
  const isFinal = state.name === 'Draining' || (state.name === 'Paused' && state.resume === 'Draining');
  if (isFinal) return observation.rebooted ? goOnAfterReboot(context, state) : stay(state);
  if (observation.deleting)
    return rollBack(context, state, {
      endsAs: 'Aborted',
      reason: 'deleted',
      message: 'the Canary is being deleted',
    });
  if (observation.rebooted && modeOf(context) !== 'first') {
    return rollBack(context, state, {
      endsAs: 'Failed',
      reason: 'rebooted',
      message: 'the machine, or all that ran on it, was started anew during the run',
    });
  }
  const wanted = observation.wantedRevision;
  if (wanted === identity.revision) return stay(state);
  if (wanted === identity.stableRevision && wanted !== null) {
    return rollBack(context, state, {
      endsAs: 'Aborted',
      reason: 'back-out',
      message: `the target is back at ${wanted}, which is what stable runs`,
    });
  }
  if (isPromoting(state)) return stay(state);
  return wanted === null
    ? rollBack(context, state, { endsAs: 'Aborted', reason: 'target-gone', message: 'the target is gone' })
    : rollBack(context, state, {
        endsAs: 'Superseded',
        reason: 'superseded',
        message: `the target asks for ${wanted} now`,
      });
}

function isPromoting(state: RolloutState): boolean {
  const name = state.name === 'Paused' ? state.resume : state.name;
  return name === 'Promoting' || name === 'Baking' || name === 'Draining';
}

/** After a reboot the data plane serves stable only, and the new revision is promoted: the run ends as it would have, unless stable is what is broken. */
function goOnAfterReboot(context: Context, state: RolloutState): Move {
  if (state.phase === 'rescue' || !touchesCanary(state.route.routing)) return stay(state);
  return move(context, state, {
    to: 'Draining',
    phase: state.phase,
    reason: 'rebooted',
    message: 'the machine was started anew; the promotion goes on from stable',
    owner: 'workload',
    deadlineMs: context.nowMs + context.plan.progressDeadlineMs,
    patch: { route: noTraffic, inForceSinceMs: null, routeInForce: null, resume: null },
  });
}

/** A verdict, a crash or a hook that ends the run. Paused or waiting makes no difference. */
export function judged(context: Context, state: RolloutState): Move {
  const verdict = verdictOf(context, state);
  if (verdict !== null && isJudged(state) && (verdict.kind === 'fail' || isBudgetSpent(context, state)))
    return checkFailed(context, state, verdict);
  const hook = hookAskedForRollback(context, state);
  if (hook !== null)
    return rollBack(context, state, {
      endsAs: 'RolledBack',
      reason: 'hook-rollback',
      message: `the hook ${hook.name} asked for a rollback`,
    });
  return watchCanary(context, state);
}

function checkFailed(context: Context, state: RolloutState, verdict: Verdict): Move {
  const message = failureWords(verdict);
  const detected = {
    ...state,
    detectedAtMs: verdict.atMs ?? context.nowMs,
    // A healthy service fails requests too: where evidence was weighed, its onset is the likelier one.
    onsetAtMs: verdict.evidence?.onsetAtMs ?? state.onsetAtMs,
  };
  return rollBack(context, detected, { endsAs: 'RolledBack', reason: 'check-failed', message });
}

/** Somebody else has a hand on the route: not fought, but shown, until a person resumes (SPEC R70). */
export function interference(context: Context, state: RolloutState): Move {
  const { route } = context.observation;
  if (route === null || state.name === 'Paused' || !ownsRoute(context, state)) return stay(state);
  if (isLowered(route.routing, state.routeInForce, state.route.routing)) {
    return pause(context, state, {
      reason: 'lowered-elsewhere',
      message: 'less traffic reaches the canary than was asked for: somebody lowered it',
      actor: controller,
    });
  }
  if (route.foreignWriter === null) return stay(patched(state, { toleratedWriter: null }));
  if (state.routeInForce === null || route.foreignWriter === state.toleratedWriter) return stay(state);
  return pause(context, state, {
    reason: 'foreign-writer',
    message: `${route.foreignWriter} writes the route too`,
    actor: controller,
  });
}
