import { modeOf } from '../arms.ts';
import { type Context, type Move, move } from '../context.ts';
import { passGatesFrom } from './at-gate.ts';
import type { RolloutState } from '../state.ts';
import { counted } from '../words.ts';

/** Nothing is touched yet (SPEC R10). `confirm-rollout` is asked here; the first revision of a service is asked nothing. */
export function pending(context: Context, state: RolloutState): Move {
  const { identity, plan, nowMs } = context;
  if (modeOf(context) === 'first') {
    return move(context, state, {
      to: 'Starting',
      phase: 'scale',
      reason: 'first-revision',
      message: `${counted(plan.replicas, 'replica')} of ${identity.revision}, the first revision`,
      owner: 'workload',
      deadlineMs: nowMs + plan.progressDeadlineMs,
    });
  }
  return passGatesFrom(context, state, 'Pending', (open) =>
    move(context, open, {
      to: 'Starting',
      phase: 'prepare',
      reason: 'waiting-for-stable',
      message: `stable ${open.stable.revision} is to be ready with ${open.stable.replicas} replicas`,
      owner: 'workload',
      deadlineMs: nowMs + plan.progressDeadlineMs,
    }),
  );
}
