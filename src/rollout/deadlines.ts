import type { Context } from './context.ts';
import { patched } from './context.ts';
import type { ArmObservation } from './observation.ts';
import type { RolloutState, StateName } from './state.ts';

/** The digest of a running rollout is written this often where nothing else is. */
export const heartbeatMs = 30_000;
/** Not looked at for longer than this: an outage of Sluice or of the platform's API, which expires no deadline (SPEC R60). */
export const outageMs = heartbeatMs + 5_000;
/** How long a canary with traffic may be without any ready replica when nothing says that it crashed: probes flap. */
export const flapMs = 10_000;
/** How long asked streams may take to close. */
export const closeStreamsMs = 5_000;

/** A deadline expires only while the platform is readable: what cannot be seen is not late. */
export function isExpired(context: Context, deadlineMs: number | null): boolean {
  return deadlineMs !== null && context.nowMs >= deadlineMs && isReadable(context);
}

export function isReadable(context: Context): boolean {
  const { stable, canary, route } = context.observation;
  return stable !== null && canary !== null && route !== null;
}

/** Moves every running clock by the time in which nobody looked. */
export function forgiveOutage(state: RolloutState, gapMs: number): RolloutState {
  return {
    ...state,
    deadlineMs: state.deadlineMs === null ? null : state.deadlineMs + gapMs,
    notReadySinceMs: state.notReadySinceMs === null ? null : state.notReadySinceMs + gapMs,
    hooks: state.hooks.map((hook) => ({ ...hook, firstAskedAtMs: hook.firstAskedAtMs + gapMs })),
  };
}

/** A workload that makes progress gets its whole deadline again, as on Kubernetes. */
export function noteProgress(
  context: Context,
  state: RolloutState,
  arm: ArmObservation | null,
): RolloutState {
  if (arm === null || arm.available <= state.progress) return state;
  return patched(state, {
    progress: arm.available,
    deadlineMs: context.nowMs + context.plan.progressDeadlineMs,
  });
}

/** A pause took the clock away, so whoever goes on in `origin` gets its whole time again. */
export function freshDeadline(context: Context, state: RolloutState, origin: StateName): number | null {
  const { plan, nowMs } = context;
  if (origin === 'Pending' || origin === 'Baking') return null;
  if (origin === 'Holding') {
    const maxMs = plan.steps[state.step]?.maxMs ?? null;
    return maxMs === null ? null : nowMs + maxMs;
  }
  if (state.phase === 'shift' || state.phase === 'shiftBack') return nowMs + plan.verifyWithinMs;
  if (state.phase === 'drain') return nowMs + plan.drainMs;
  return nowMs + (state.phase === 'closeStreams' ? closeStreamsMs : plan.progressDeadlineMs);
}
