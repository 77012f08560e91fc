import { modeOf } from '../arms.ts';
import { type Context, type Move, type Waiting, wait } from '../context.ts';
import { rollStable, succeed } from '../next-step.ts';
import type { RolloutState } from '../state.ts';
import { heldMs, verdictOf } from '../verdict.ts';
import { infrastructureWait, suspicionOf } from './holding.ts';

/** Everything is on the new revision and the old one is warm, so that going back is one write (SPEC R52). */
export function baking(context: Context, state: RolloutState): Move {
  const isInPlace = modeOf(context) === 'inPlace';
  const blocked = (isInPlace ? null : infrastructureWait(context, state)) ?? judgementWait(context, state);
  if (blocked !== null) return wait(context, state, blocked);
  return endBake(context, state);
}

/** The promotion is final from here. */
export function endBake(context: Context, state: RolloutState): Move {
  return modeOf(context) === 'inPlace' ? succeed(context, state) : rollStable(context, state, 'Draining');
}

function judgementWait(context: Context, state: RolloutState): Waiting | null {
  const verdict = verdictOf(context, state);
  const isOver = heldMs(context, state) >= context.plan.bakeMs;
  if (verdict === null)
    return { reason: 'baking', owner: 'metrics', message: 'waits for the first evaluation' };
  const suspicion = suspicionOf(verdict);
  if (suspicion !== null) return suspicion;
  if (!isOver) return { reason: 'baking', owner: 'controller', message: 'the bake is not over' };
  switch (verdict.kind) {
    case 'pass':
      return null;
    case 'noData':
      return { reason: 'no-data', owner: 'metrics', message: 'the checks have no data' };
    case 'providerError':
      return { reason: 'provider-error', owner: 'metrics', message: 'the metric source cannot be read' };
    case 'suspect':
    case 'notEnoughData':
    case 'fail':
      return { reason: 'not-enough-data', owner: 'metrics', message: 'the checks need more requests' };
  }
}
