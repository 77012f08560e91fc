import { weightsOf } from '../compile/steps.ts';
import { durationAt, listAt, numberAt } from './values.ts';

/** What Flagger makes of an analysis: each step lasts one interval and is judged by one check. */
export interface FlaggerRun {
  readonly intervalMs: number;
  readonly threshold: number;
  /** Canary weights in order; empty for iterations. */
  readonly weights: readonly number[];
  /** Analysed steps: weights or iterations. */
  readonly steps: number;
  /** From detection to the end if every check passes, without the time that pods need to start. */
  readonly healthyMs: number;
  /** First failing check to weight 0, without the metric's own delay. */
  readonly rollbackMs: number;
}

const leastIntervalMs = 10_000;
/** Smaller ones are a mistake, and would be thousands of steps. */
const leastStepWeight = 0.1;

export function flaggerRun(spec: unknown): FlaggerRun {
  const intervalMs = Math.max(leastIntervalMs, durationAt(spec, ['analysis', 'interval']) ?? 60_000);
  const threshold = Math.max(1, numberAt(spec, ['analysis', 'threshold']) ?? 1);
  const weights = flaggerWeights(spec);
  const steps = weights.length > 0 ? weights.length : (numberAt(spec, ['analysis', 'iterations']) ?? 0);
  return {
    intervalMs,
    threshold,
    weights,
    steps,
    // Detection takes up to one tick, and promoting, finalising and the last one take three more.
    healthyMs: (steps + 4) * intervalMs,
    rollbackMs: threshold * intervalMs,
  };
}

function flaggerWeights(spec: unknown): readonly number[] {
  const listed = listAt(spec, ['analysis', 'stepWeights']).filter((weight) => typeof weight === 'number');
  if (listed.length > 0) return listed;
  const stepWeight = numberAt(spec, ['analysis', 'stepWeight']) ?? 0;
  const maxWeight = Math.min(100, numberAt(spec, ['analysis', 'maxWeight']) ?? 100);
  return stepWeight < leastStepWeight ? [] : weightsOf({ stepWeight, maxWeight });
}
