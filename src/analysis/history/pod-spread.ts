import type { History } from './history.ts';

/** How much pods of one service differ for good. */
export interface PodSpread {
  readonly pods: number;
  /** Standard deviation of the log of the pods' error rates, without what chance alone explains. */
  readonly logDeviation: number;
}

/** Fewer errors of a pod say nothing about its rate. */
const leastErrors = 10;

/**
 * Estimated from the errors of each pod over the whole history: the variance of the log rates less the mean of 1/errors, which is
 * what Poisson counts add to it. null: fewer than three pods with enough errors.
 */
export function podSpread(history: History): PodSpread | null {
  const totals = new Map<string, { requests: number; errors: number }>();
  for (const { pods } of history.blocks) {
    for (const { pod, counts } of pods) {
      const total = totals.get(pod) ?? { requests: 0, errors: 0 };
      totals.set(pod, {
        requests: total.requests + counts.requests,
        errors: total.errors + counts.errors,
      });
    }
  }
  const known = [...totals.values()].filter(({ errors }) => errors >= leastErrors);
  if (known.length < 3) return null;
  const logs = known.map(({ requests, errors }) => Math.log(errors / requests));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const chance = known.reduce((sum, { errors }) => sum + 1 / errors, 0) / known.length;
  return { pods: known.length, logDeviation: Math.sqrt(Math.max(0, variance - chance)) };
}

/** The margin that persistent differences of this size ask for, with `canaryPods` against `stablePods`. */
export function marginForSpread(spread: PodSpread, canaryPods: number, stablePods: number): number {
  return Math.exp(2.3 * spread.logDeviation * Math.sqrt(1 / canaryPods + 1 / stablePods));
}
