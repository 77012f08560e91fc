import { countBad } from './bad-count.ts';
import type { ArmsOfBlock } from './absolute-test.ts';
import { absoluteRatios, type SharedBlock } from './factors.ts';
import type { FactorForm } from './forms.ts';
import {
  advanceOnset,
  advanceProcess,
  type Counts,
  type Course,
  type Onset,
  type Process,
  startProcess,
} from './process.ts';

/** Evidence that the canary has more than its share of the errors. */
export type ShareState = {
  readonly process: Process;
  readonly onset: Onset | null;
};

export function startShare(): ShareState {
  return { process: startProcess(absoluteRatios.length), onset: null };
}

/** A block without errors, or in which only one arm served, says nothing about shares. */
export function advanceShare(
  state: ShareState,
  block: ArmsOfBlock,
  context: { readonly course: Course; readonly form: FactorForm; readonly margin: number },
): ShareState {
  const shared = sharedErrors(block);
  if (shared === null) return state;
  const counts: Counts = [shared.canaryRequests, shared.canaryBad, shared.stableRequests, shared.stableBad];
  const { onset } = state;
  if (shared.canaryBad + shared.stableBad === 0) {
    // No growth: what was served is only added.
    const since = onset === null ? null : advanceOnset(onset, 1, { fromMs: block.fromMs, counts });
    return { process: state.process, onset: since };
  }
  const { course, form, margin } = context;
  const { process, growth } = advanceProcess(
    state.process,
    form.share(shared, margin, absoluteRatios),
    course,
  );
  return {
    process,
    onset: advanceOnset(onset, growth, { fromMs: block.fromMs, counts }),
  };
}

function sharedErrors({ canary, stable }: ArmsOfBlock): SharedBlock | null {
  if (canary === null || stable === null) return null;
  const own = countBad(canary, { kind: 'errors' });
  const other = countBad(stable, { kind: 'errors' });
  if (own === null || other === null || own.requests === 0 || other.requests === 0) return null;
  return {
    canaryRequests: own.requests,
    canaryBad: own.bad,
    stableRequests: other.requests,
    stableBad: other.bad,
  };
}
