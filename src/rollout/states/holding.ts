import type { Verdict } from '../../analysis/judge.ts';
import { canarySuffices, stableSuffices } from '../arms.ts';
import { type Context, controller, type Move, type Waiting, patched, wait } from '../context.ts';
import { isExpired } from '../deadlines.ts';
import { clear, leaveStep } from '../next-step.ts';
import type { Step } from '../plan.ts';
import { missingRequests } from '../power-gate.ts';
import { rollBack } from '../rollback.ts';
import type { RolloutState } from '../state.ts';
import { heldMs, verdictOf } from '../verdict.ts';
import { passGatesFrom } from './at-gate.ts';

/** The step is served and judged until its hold is over, its checks pass and its gates are open (SPEC R30). */
export function holding(context: Context, state: RolloutState): Move {
  const blocked = infrastructureWait(context, state) ?? judgementWait(context, state);
  if (blocked === null) {
    return passGatesFrom(context, state, 'Holding', (open) =>
      leaveStep(context, noteHeld(context, open), clear(context, open, 'pass')),
    );
  }
  if (isJudgement(blocked) && isExpired(context, state.deadlineMs))
    return inconclusive(context, state, blocked);
  return wait(context, state, blocked);
}

/** What must hold before anything may rise, whatever the checks say (SPEC R31). */
export function infrastructureWait(context: Context, state: RolloutState): Waiting | null {
  const { stable, canary, route } = context.observation;
  if (stable === null || canary === null || route === null)
    return { reason: 'platform-unreadable', owner: 'controller', message: 'the platform cannot be read' };
  if (state.inForceSinceMs === null)
    return {
      reason: 'weight-not-verified',
      owner: 'data plane',
      message: 'the weight is no longer proven to be in force',
    };
  if (!canarySuffices(context, state))
    return { reason: 'canary-not-ready', owner: 'workload', message: 'the canary lost replicas' };
  if (!stableSuffices(context))
    return { reason: 'stable-not-ready', owner: 'workload', message: 'stable lost replicas' };
  return null;
}

/** Why the checks do not let the step end yet; null: a recorded pass for this (step, attempt) over the whole hold. Nothing else is a pass (SPEC N6). */
function judgementWait(context: Context, state: RolloutState): Waiting | null {
  const step = context.plan.steps[state.step];
  const verdict = verdictOf(context, state);
  const isOver = step !== undefined && heldMs(context, state) >= step.holdMs;
  if (verdict === null)
    return { reason: 'holding', owner: 'metrics', message: 'waits for the first evaluation' };
  const suspicion = suspicionOf(verdict);
  if (suspicion !== null) return suspicion;
  switch (verdict.kind) {
    case 'suspect':
    case 'fail':
      return holdOn;
    case 'noData':
      return { reason: 'no-data', owner: 'metrics', message: 'the checks have no data' };
    case 'providerError':
      return { reason: 'provider-error', owner: 'metrics', message: 'the metric source cannot be read' };
    case 'notEnoughData':
      return isOver
        ? { reason: 'not-enough-data', owner: 'metrics', message: 'the checks need more requests' }
        : holdOn;
    case 'pass':
      if (!isOver || verdict.passesInStep < step.minPasses) return holdOn;
      return powerWait(state, step, verdict);
  }
}

/** The power gate: a step too small to show harm says nothing by showing none (SPEC R37). */
function powerWait(state: RolloutState, step: Step, { requestsInStep }: Verdict): Waiting | null {
  if (missingRequests(state, step, requestsInStep) === 0) return null;
  const needed = Math.max(step.minRequests, state.forecastRequests);
  const why = needed === step.minRequests ? 'the step needs' : 'the step was forecast to serve about';
  return { reason: 'not-enough-data', owner: 'metrics', message: `${why} ${needed} canary requests` };
}

/** Evidence that is too strong to go on and no reason to go back; null: none (SPEC R38). */
export function suspicionOf(verdict: Verdict): Waiting | null {
  if (verdict.kind !== 'suspect') return null;
  if (verdict.evidence?.environment !== true) {
    return {
      reason: 'suspect',
      owner: 'metrics',
      message: 'the evidence against the canary is too strong to go on and too weak to go back',
    };
  }
  return {
    reason: 'environment',
    owner: 'person',
    message: 'stable breaks the same limit, so it is not the release: look at what both depend on',
  };
}

const holdOn: Waiting = { reason: 'holding', owner: 'controller', message: 'the hold is not over' };

function isJudgement(waiting: Waiting): boolean {
  return waiting.owner === 'metrics' || waiting.reason === 'environment' || waiting === holdOn;
}

/** Past the step's longest time. A suspect is never advanced: to go on under evidence is a person's decision (SPEC R32). */
function inconclusive(context: Context, state: RolloutState, blocked: Waiting): Move {
  const { onInconclusive } = context.plan;
  if (onInconclusive === 'rollback') {
    return rollBack(context, state, {
      endsAs: 'RolledBack',
      reason: 'inconclusive',
      message: `the step had no verdict in its longest time: ${blocked.message}`,
    });
  }
  const isSuspect = blocked.reason === 'suspect' || blocked.reason === 'environment';
  if (onInconclusive === 'advance' && !isSuspect) {
    return passGatesFrom(context, state, 'Holding', (open) => {
      const noted = patched(open, { skipped: [...open.skipped, `step ${open.step + 1}: without a pass`] });
      return leaveStep(context, noteHeld(context, noted), clear(context, noted, 'inconclusive', controller));
    });
  }
  return isSuspect
    ? wait(context, state, blocked)
    : wait(context, state, { ...blocked, reason: 'inconclusive', owner: 'person' });
}

function noteHeld(context: Context, state: RolloutState): RolloutState {
  return patched(state, { heldMs: heldMs(context, state) });
}
