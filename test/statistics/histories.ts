import type { CheckPlan, JudgePlan } from '../../src/analysis/judge.ts';
import type { History, HistoryBlock, RolloutCourse } from '../../src/analysis/history/history.ts';
import { Random } from './random.ts';
import { failures } from './world.ts';

export const start = Date.parse('2026-01-05T00:00:00Z');
export const blockMs = 15_000;

/** 10 %, 25 % and 50 % for a minute each. */
export const shortCourse: RolloutCourse = {
  steps: [0.1, 0.25, 0.5].map((share) => ({ holdMs: 60_000, share })),
};

export const errorRate: CheckPlan = {
  name: 'error-rate',
  measure: { kind: 'errorShare' },
  limit: { max: 0.1 },
  shownUnit: '%',
  shownScale: 1,
  windowMs: 60_000,
  minRequests: 20,
};

export const latency: CheckPlan = {
  ...errorRate,
  name: 'latency',
  measure: { kind: 'latencyQuantile', quantile: 0.95 },
  limit: { max: 2 },
  shownUnit: 's',
};

export function planOf(...checks: readonly CheckPlan[]): JudgePlan {
  return {
    judge: 'bet',
    intervalMs: 15_000,
    failureThreshold: 2,
    failAt: 'atOnce',
    onNoData: 'wait',
    bet: { plannedBlocks: 12 },
    checks,
  };
}

export interface HistoryOptions {
  readonly seed: number;
  readonly rollouts: number;
  /** Error share of each pod. */
  readonly errors: readonly number[];
  readonly requestsPerBlock: number;
  /** Errors that come together, within one pod and block. */
  readonly burst?: number;
  readonly slow?: number;
}

/** A history in blocks of 15 s; one pod without a name where there is one error share. */
export function historyOf(options: HistoryOptions): History {
  const { seed, rollouts, errors, requestsPerBlock, burst = 1, slow } = options;
  const random = new Random(seed);
  const clusters =
    burst === 1 ? ({ kind: 'independent' } as const) : ({ kind: 'bursts', size: burst } as const);
  const blocks = Array.from({ length: rollouts * 12 }, (_, index): HistoryBlock => {
    const pods = errors.map((share, pod) => {
      const requests = random.poisson(requestsPerBlock / errors.length);
      const failed = failures(requests, share, clusters, random);
      const counts = { requests, errors: failed };
      if (slow === undefined) return { pod: errors.length === 1 ? '' : `pod-${pod}`, counts };
      const slower = random.binomial(requests, slow);
      const histogram = {
        unit: 's',
        bounds: [1, 2.5],
        cumulative: [requests - slower, requests - slower],
      } as const;
      return { pod: errors.length === 1 ? '' : `pod-${pod}`, counts: { ...counts, latency: histogram } };
    });
    return { atMs: start + (index + 1) * blockMs, durationMs: blockMs, pods };
  });
  return { blocks, resets: 0, notes: [] };
}
