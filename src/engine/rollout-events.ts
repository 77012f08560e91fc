import type { Verdict } from '../analysis/judge.ts';
import type { ActionOutcome } from '../rollout/decide.ts';
import type { Effect, Transition } from '../rollout/effect.ts';
import type { Actor } from '../rollout/state.ts';
import type { RecordEvent, RolloutRecord, ServiceKey, ShadowRecord } from './ports.ts';

export const controller: Actor = { kind: 'controller', name: 'sluice' };

export function transitionEvent(run: RolloutRecord, transition: Transition): RecordEvent {
  return {
    id: transition.id,
    atMs: transition.atMs,
    key: run.key,
    rollout: run.identity.name,
    kind: 'transition',
    actor: transition.actor,
    message: transition.message,
    data: {
      from: transition.from,
      to: transition.to,
      reason: transition.reason,
      step: transition.step,
      revision: run.identity.revision,
    },
  };
}

/** `count` sets one verdict apart from the next of the same run. */
export function verdictEvent(run: RolloutRecord, verdict: Verdict, nowMs: number): RecordEvent {
  const { attempt, step } = run.state;
  return {
    id: `${run.identity.uid}/verdict/${attempt}/${verdict.evaluationsInStep}/${verdict.kind}`,
    atMs: nowMs,
    key: run.key,
    rollout: run.identity.name,
    kind: 'verdict',
    actor: controller,
    message: verdict.checks.map((check) => check.message).join('; ') || verdict.kind,
    data: { kind: verdict.kind, step, attempt, failedChecks: verdict.failedChecks, checks: verdict.checks },
  };
}

/** A judge that looks on would have rolled back: said once in a run. */
export function shadowEvent(run: RolloutRecord, shadow: ShadowRecord, nowMs: number): RecordEvent {
  const { judge, failedAtMs, logEvidence } = shadow;
  return {
    id: `${run.identity.uid}/shadow/${judge}`,
    atMs: nowMs,
    key: run.key,
    rollout: run.identity.name,
    kind: 'verdict',
    actor: controller,
    message: `${judge} only looks on; it would have rolled back: ${shadow.message}`,
    data: { kind: 'fail', shadow: true, judge, failedAtMs, logEvidence, step: run.state.step },
  };
}

export function outcomeEvent(run: RolloutRecord, outcome: ActionOutcome): RecordEvent {
  return {
    id: `${outcome.id}/outcome`,
    atMs: outcome.atMs,
    key: run.key,
    rollout: run.identity.name,
    kind: 'action',
    actor: outcome.actor,
    message: `${outcome.kind} ${outcome.accepted ? 'accepted' : 'refused'}: ${outcome.message}`,
    data: { action: outcome.id, kind: outcome.kind, accepted: outcome.accepted },
  };
}

export function effectEvent(run: RolloutRecord, effect: Effect, nowMs: number): RecordEvent {
  return {
    id: effect.id,
    atMs: nowMs,
    key: run.key,
    rollout: run.identity.name,
    kind: 'effect',
    actor: controller,
    message: describeEffect(effect),
    data: effectData(effect),
  };
}

export function engineEvent(
  key: ServiceKey,
  rollout: string | null,
  id: string,
  message: string,
  nowMs: number,
): RecordEvent {
  return { id, atMs: nowMs, key, rollout, kind: 'engine', actor: controller, message, data: null };
}

function describeEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'setRoute':
      return effect.route.routing.kind === 'weight'
        ? `set the canary's weight to ${effect.route.routing.weightPercent} %`
        : `set the route to ${effect.route.routing.kind}`;
    case 'setArm':
      return `set ${effect.arm} to ${effect.replicas} × ${effect.revision}`;
    case 'closeStreams':
      return `ask long streams of ${effect.arm} to close`;
    case 'setFloor':
      return effect.replicas === 0
        ? 'lift the floor of stable'
        : `keep stable at ${effect.replicas} at least`;
    case 'callHook':
      return `call the ${effect.hook.type} webhook ${effect.hook.name}`;
    case 'notify':
      return effect.message;
  }
}

/** A hook's URL and metadata may hold a secret of the user's, so they stay out (N15). */
function effectData(effect: Effect): unknown {
  if (effect.kind !== 'callHook') return effect;
  return {
    kind: effect.kind,
    id: effect.id,
    phase: effect.phase,
    hook: effect.hook.name,
    type: effect.hook.type,
  };
}
