import type { Routing, Step, Strategy } from '../../rollout/plan.ts';
import type { CanaryResource } from '../check/resource.ts';

const atRest: Omit<Step, 'routing' | 'holdMs'> = {
  minPasses: 1,
  minRequests: 0,
  approval: false,
  maxMs: null,
};

/**
 * The steps of a Canary that was checked. `intervalMs` is that of the judge. Flagger's sequences: weights are held for one interval
 * and one passing check each (flagger.md 2.5), after one mirrored interval if there is to be one; blue-green and A/B are one step of
 * all iterations (2.9). That blue-green then sends everything to the canary, once confirm-promotion agrees, is the promotion's part.
 */
export function stepsOf(canary: CanaryResource, strategy: Strategy, intervalMs: number): readonly Step[] {
  const { analysis } = canary.value.spec;
  if (analysis === undefined || strategy === 'Rolling' || strategy === 'Recreate') return [];
  const maxMs = analysis.maxStepDuration ?? null;
  if (analysis.steps !== undefined) {
    return analysis.steps.map((step) => ({
      routing: routingOf(strategy, step.weight, mirrorOf(canary)),
      holdMs: step.duration ?? intervalMs,
      minPasses: 1,
      minRequests: step.minRequests ?? 0,
      approval: step.approval ?? false,
      maxMs,
    }));
  }
  if (analysis.iterations !== undefined) {
    const { iterations } = analysis;
    const routing = routingOf(strategy, undefined, mirrorOf(canary));
    return [{ ...atRest, routing, holdMs: iterations * intervalMs, minPasses: iterations, maxMs }];
  }
  const weights = weightsOf(analysis);
  const steps = weights.map(
    (weightPercent): Step => ({
      ...atRest,
      routing: { kind: 'weight', weightPercent },
      holdMs: intervalMs,
      maxMs,
    }),
  );
  const mirror = mirrorOf(canary);
  if (mirror === null || steps.length === 0) return steps;
  return [{ ...atRest, routing: { kind: 'mirror', percent: mirror }, holdMs: intervalMs, maxMs }, ...steps];
}

/** A weight has two digits after the point at most (buckets of 0.01 %), so no plan has more steps than this. */
const mostSteps = 10_000;

/** Flagger's sequence of weights: whole steps until the ceiling is reached or passed, or the list as it stands. */
export function weightsOf(analysis: {
  readonly stepWeight?: number | undefined;
  readonly maxWeight?: number | undefined;
  readonly stepWeights?: readonly number[] | undefined;
}): readonly number[] {
  const { stepWeight, stepWeights, maxWeight = 100 } = analysis;
  if (stepWeights !== undefined) return stepWeights;
  if (stepWeight === undefined || stepWeight <= 0) return [];
  const count = Math.min(mostSteps, Math.ceil(maxWeight / stepWeight));
  return Array.from({ length: count }, (_, index) => Math.min(100, (index + 1) * stepWeight));
}

function mirrorOf(canary: CanaryResource): number | null {
  const { mirror, mirrorWeight } = canary.value.spec.analysis ?? {};
  return mirror === true ? (mirrorWeight ?? 100) : null;
}

function routingOf(
  strategy: Strategy,
  weightPercent: number | undefined,
  mirrorPercent: number | null,
): Routing {
  if (weightPercent !== undefined) return { kind: 'weight', weightPercent };
  if (strategy === 'ABTest') return { kind: 'match' };
  return mirrorPercent === null ? { kind: 'none' } : { kind: 'mirror', percent: mirrorPercent };
}
