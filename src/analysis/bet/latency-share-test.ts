import type { ArmsOfBlock } from './absolute-test.ts';
import { slowRatios } from './factors.ts';
import type { FactorForm } from './forms.ts';
import { addLogs, logEvidenceOf, logMeanOf } from './onset-mixture.ts';
import { unpackSums } from './packed-sums.ts';
import {
  advanceOnset,
  advanceProcess,
  type Course,
  logPriorOf,
  type Onset,
  startProcess,
} from './process.ts';
import { chooseBounds, slowAt, slowOfStable, type SlowBound } from './slow-bounds.ts';

/** Evidence that the canary is slower than stable at some bound of the histogram: an average over bounds. */
export type LatencyShareState = {
  /** null until both arms were seen with a histogram. */
  readonly bounds: readonly SlowBound[] | null;
  /** One for each bound. */
  readonly sums: readonly string[];
  readonly blocks: number;
  readonly onset: Onset | null;
};

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
  const empty = startProcess(slowRatios.length).sums;
  const { course, form } = context;
  let growth = Number.NEGATIVE_INFINITY;
  const sums = bounds.map(({ seconds, weight }, index) => {
    const canaryBad = slowAt(own, canary.requests, seconds);
    const stableBad = slowOfStable(other, stable.requests, seconds, context.slowdown);
    const factors =
      canaryBad === null || stableBad === null
        ? slowRatios.map(() => 0)
        : form.share(
            { canaryRequests: canary.requests, canaryBad, stableRequests: stable.requests, stableBad },
            context.margin,
            slowRatios,
          );
    const next = advanceProcess({ sums: state.sums[index] ?? empty, blocks: state.blocks }, factors, course);
    growth = addLogs(growth, next.growth + Math.log(weight));
    return next.process.sums;
  });
  const onset = advanceOnset(state.onset, growth, logPriorOf(course, state.blocks), {
    fromMs: block.fromMs,
    counts: [canary.requests, 0, stable.requests, 0],
  });
  return { bounds, sums, blocks: state.blocks + 1, onset };
}

export function latencyShareEvidence(state: LatencyShareState, course: Course): number {
  if (state.bounds === null || state.bounds.length === 0) return 0;
  let total = Number.NEGATIVE_INFINITY;
  let weights = 0;
  for (const [index, { weight }] of state.bounds.entries()) {
    total = addLogs(total, boundEvidence(state, index, course) + Math.log(weight));
    weights += weight;
  }
  // What rounding took from the weights is a bet on nothing.
  return weights < 1 ? addLogs(total, Math.log1p(-weights)) : total;
}

/** The bound at which the canary looks worst. */
export function worstBound(state: LatencyShareState): number | null {
  let worst: { readonly seconds: number; readonly log: number } | null = null;
  for (const [index, { seconds }] of (state.bounds ?? []).entries()) {
    const log = logMeanOf(unpackSums(state.sums[index] ?? ''));
    if (worst === null || log > worst.log) worst = { seconds, log };
  }
  return worst?.seconds ?? null;
}

function boundEvidence(state: LatencyShareState, index: number, course: Course): number {
  const logSums = unpackSums(state.sums[index] ?? '');
  if (course.kind === 'bake') return Math.max(-20, logMeanOf(logSums));
  return logEvidenceOf({ logSums, blocks: state.blocks }, course.plannedBlocks);
}
