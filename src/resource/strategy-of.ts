import type { Strategy } from '../rollout/plan.ts';
import type { CanaryResource } from './check/resource.ts';

/** The strategy as written, or as Flagger infers it; without any plan of steps a plain rolling update. */
export function strategyOf(canary: CanaryResource): Strategy {
  const { strategy, analysis } = canary.value.spec;
  if (strategy !== undefined) return strategy;
  if (analysis?.iterations !== undefined) return (analysis.match ?? []).length > 0 ? 'ABTest' : 'BlueGreen';
  const weighted = analysis?.stepWeight !== undefined || analysis?.stepWeights !== undefined;
  if (weighted) return 'Canary';
  if (analysis?.steps !== undefined) {
    const weightless = analysis.steps.length > 0 && analysis.steps.every((step) => step.weight === undefined);
    return weightless && (analysis.match ?? []).length > 0 ? 'ABTest' : 'Canary';
  }
  return canary.flavour === 'flagger' ? 'Canary' : 'Rolling';
}
