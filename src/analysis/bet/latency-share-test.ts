import type { ArmsOfBlock } from './absolute-test.ts';
import { slowRatios } from './factors.ts';
import type { FactorForm } from './forms.ts';
import { meanOfPacked } from './packed-sums.ts';
import {
  advanceOnset,
  advanceProcess,
  type Course,
  evidenceOfProcess,
  type Onset,
  startProcess,
} from './process.ts';
import { chooseBounds, slowAt, type SlowBounds, slowOfStable, weightsOf } from './slow-bounds.ts';

/** Evidence that the canary is slower than stable at some bound of the histogram: an average over bounds. */
export type LatencyShareState = {
  /** null until both arms were seen with a histogram. */
  readonly bounds: SlowBounds | null;
  /** One for each bound, the likely ones first. */
  readonly sums: readonly string[];
  readonly blocks: number;
  readonly onset: Onset | null;
};

const [empty] = startProcess(slowRatios.length);

export const noLatencyShare: LatencyShareState = { bounds: null, sums: [], blocks: 0, onset: null };

export function advanceLatencyShare(
  state: LatencyShareState,
  block: ArmsOfBlock,
  context: {
    readonly course: Course;
    readonly form: FactorForm;
    readonly margin: number;
    readonly slowdown: number;
  },
): LatencyShareState {
  const { canary, stable } = block;
  if (!canary?.latency || !stable?.latency || canary.requests === 0 || stable.requests === 0) return state;
  const own = canary.latency;
  const other = stable.latency;
  const bounds = state.bounds ?? chooseBounds(own, canary.requests, other, stable.requests);
  const weights = weightsOf(bounds);
  const { course, form } = context;
  let growth = 0;
  const sums = bounds.flat().map((seconds, index) => {
    const canaryBad = slowAt(own, canary.requests, seconds);
    const stableBad = slowOfStable(other, stable.requests, seconds, context.slowdown);
    const factors =
      canaryBad === null || stableBad === null
        ? slowRatios.map(() => 1)
        : form.share(
            { canaryRequests: canary.requests, canaryBad, stableRequests: stable.requests, stableBad },
            context.margin,
            slowRatios,
          );
    const next = advanceProcess([state.sums[index] ?? empty, state.blocks], factors, course);
    growth += next.growth * (weights[index] ?? 0);
    return next.process[0];
  });
  const onset = advanceOnset(state.onset, growth, {
    fromMs: block.fromMs,
    counts: [0, 0, 0, 0],
  });
  return { bounds, sums, blocks: state.blocks + 1, onset };
}

export function latencyShareEvidence(state: LatencyShareState, course: Course): number {
  if (state.bounds === null || state.sums.length === 0) return course.kind === 'bake' ? 0 : 1;
  let total = 0;
  for (const [index, weight] of weightsOf(state.bounds).entries()) {
    total += weight * evidenceOfProcess([state.sums[index] ?? '', state.blocks], course);
  }
  return total;
}

/** The bound at which the canary looks worst. */
export function worstBound(state: LatencyShareState): number | null {
  if (state.bounds === null) return null;
  let worst: { readonly seconds: number; readonly mean: number } | null = null;
  for (const [index, seconds] of state.bounds.flat().entries()) {
    const mean = meanOfPacked(state.sums[index] ?? '');
    if (worst === null || mean > worst.mean) worst = { seconds, mean };
  }
  return worst?.seconds ?? null;
}
