import type { RollParameters } from '../../../rollout/plan.ts';

export interface ReplicaView {
  readonly id: string;
  /** Runs the revision that the arm is set to. */
  readonly wanted: boolean;
  readonly available: boolean;
  /** Is being ended. */
  readonly stopping: boolean;
}

export interface ArmPlanInput {
  readonly replicas: number;
  readonly roll: RollParameters;
  /** Two replicas cannot listen on one port: the old one must be gone before the new one starts. */
  readonly fixedPort: boolean;
  /** Oldest first. */
  readonly list: readonly ReplicaView[];
}

export interface ArmPlan {
  /** Replicas of the wanted revision to start now. */
  readonly start: number;
  /** Replicas to end now. */
  readonly stop: readonly string[];
}

/**
 * One step of a Deployment: what to start and what to end now, given what there is. Never ends an available replica that
 * `replicas - maxUnavailable` needs, never has more than `replicas + maxSurge`; both zero count as maxUnavailable 1
 * (the rule of the Deployment controller, without which it could not move).
 */
export function planArm(input: ArmPlanInput): ArmPlan {
  const live = input.list.filter((replica) => !replica.stopping);
  const wanted = live.filter((replica) => replica.wanted);
  const old = live.filter((replica) => !replica.wanted);
  if (input.replicas === 0) return { start: 0, stop: live.map(idOf) };
  const surplus = worstFirst(wanted).slice(0, Math.max(0, wanted.length - input.replicas));
  const missing = Math.max(0, input.replicas - wanted.length);
  if (input.roll.kind === 'recreate' || input.fixedPort) {
    const oldLeft = input.list.some((replica) => !replica.wanted || (input.fixedPort && replica.stopping));
    return { start: oldLeft ? 0 : missing, stop: [...old, ...surplus].map(idOf) };
  }
  if (old.length === 0) return { start: missing, stop: surplus.map(idOf) };
  const kept = wanted.filter((replica) => !surplus.includes(replica));
  const step = rollOneStep(input, kept, old);
  return { start: step.start, stop: [...step.stop, ...surplus.map(idOf)] };
}

function rollOneStep(
  input: ArmPlanInput,
  wanted: readonly ReplicaView[],
  old: readonly ReplicaView[],
): ArmPlan {
  const live = [...wanted, ...old];
  const { maxSurge } = input.roll;
  const maxUnavailable = maxSurge === 0 && input.roll.maxUnavailable === 0 ? 1 : input.roll.maxUnavailable;
  const start = Math.max(
    0,
    Math.min(input.replicas - wanted.length, input.replicas + maxSurge - live.length),
  );
  const minAvailable = Math.max(0, input.replicas - maxUnavailable);
  const unavailableWanted = wanted.filter((replica) => !replica.available).length;
  const mayEnd = Math.max(0, live.length - minAvailable - unavailableWanted);
  const deadOld = old.filter((replica) => !replica.available).slice(0, mayEnd);
  const available = live.filter((replica) => replica.available).length;
  const spare = Math.max(0, Math.min(available - minAvailable, mayEnd - deadOld.length));
  const liveOld = old.filter((replica) => replica.available).slice(0, spare);
  return { start, stop: [...deadOld, ...liveOld].map(idOf) };
}

/** Not available before available, then the youngest first. */
function worstFirst(list: readonly ReplicaView[]): readonly ReplicaView[] {
  const youngest = list.toReversed();
  return [
    ...youngest.filter((replica) => !replica.available),
    ...youngest.filter((replica) => replica.available),
  ];
}

function idOf(replica: ReplicaView): string {
  return replica.id;
}
