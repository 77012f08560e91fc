import { canarySuffices } from '../arms.ts';
import { type Context, type Move, stay, wait } from '../context.ts';
import { isExpired, noteProgress } from '../deadlines.ts';
import { rollBack } from '../rollback.ts';
import type { RolloutState } from '../state.ts';
import { counted } from '../words.ts';

/** null: the canary has the replicas it was asked for. Otherwise its wait, or at the deadline the way back (SPEC R20). */
export function waitForCanary(context: Context, state: RolloutState, tooLate: string): Move | null {
  if (canarySuffices(context, state)) return null;
  const known = noteProgress(context, state, context.observation.canary);
  if (known !== state) return stay(known);
  if (isExpired(context, state.deadlineMs)) {
    return rollBack(context, state, { endsAs: 'RolledBack', reason: 'deadline-exceeded', message: tooLate });
  }
  return wait(context, state, {
    reason: 'scaling-canary',
    owner: 'workload',
    message: `${counted(state.canary.replicas, 'canary replica')} to be available`,
  });
}
