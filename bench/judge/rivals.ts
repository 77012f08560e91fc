import type { Block } from '../../src/analysis/block.ts';
import type { CheckPlan, JudgePlan } from '../../src/analysis/judge.ts';
import { judgeOf } from '../../src/analysis/judges.ts';

/** Something that reads blocks and says when it rolls back. */
export interface Contender {
  readonly name: string;
  start(): (block: Block) => boolean;
}

export const errorRate: CheckPlan = {
  name: 'error-rate',
  measure: { kind: 'errorShare' },
  limit: { max: 0.1 },
  shownUnit: '%',
  shownScale: 1,
  windowMs: 60_000,
  minRequests: 0,
};

export const slowness: CheckPlan = {
  ...errorRate,
  name: 'p95',
  measure: { kind: 'latencyQuantile', quantile: 0.95 },
  limit: { max: 2 },
  shownUnit: 's',
};

export const base = {
  intervalMs: 10_000,
  failureThreshold: 1,
  failAt: 'atOnce',
  onNoData: 'wait',
  checks: [errorRate],
} as const satisfies Omit<JudgePlan, 'judge'>;

export function betPlan(plannedRequests: number, checks: readonly CheckPlan[] = [errorRate]): JudgePlan {
  return { ...base, judge: 'bet', bet: { plannedRequests, plannedBlocks: 360 }, checks };
}

/** A judge of ours, called as the engine calls it. */
export function contender(name: string, plan: JudgePlan): Contender {
  const judge = judgeOf(plan.judge);
  return {
    name,
    start: () => {
      let state = judge.start(plan);
      return (block) => {
        const input = { blocks: [block], samples: [], signals: [], providerError: null, nowMs: block.atMs };
        const next = judge.judge(plan, state, input);
        state = next.state;
        return next.verdict.kind === 'fail';
      };
    },
  };
}

/** Flagger: a check each interval, rolled back in the tick after the threshold-th failure. */
function flagger(name: string, intervalMs: number, failureThreshold: number): Contender {
  return contender(name, { ...base, judge: 'threshold', intervalMs, failureThreshold, failAt: 'nextTick' });
}

function argoEvery(name: string, intervalMs: number, failureLimit: number): Contender {
  const metric = { check: 'error-rate', intervalMs, failureLimit, successCondition: 'result[0] <= 0.1' };
  return contender(name, { ...base, judge: 'argo', argo: { metrics: [metric] } });
}

/** Error budget burnt 14.4 times too fast over the last hour and the last five minutes, looked at every 30 s. */
const burnRate: Contender = {
  name: 'burn rate 14.4x',
  start: () => {
    const seen: { readonly atMs: number; readonly requests: number; readonly errors: number }[] = [];
    let lookedMs: number | null = null;
    return ({ atMs, durationMs, canary }) => {
      lookedMs ??= atMs - durationMs;
      seen.push({ atMs, requests: canary?.requests ?? 0, errors: canary?.errors ?? 0 });
      if (atMs - lookedMs < 30_000) return false;
      lookedMs = atMs;
      return [3_600_000, 300_000].every((windowMs) => {
        const within = seen.filter((block) => block.atMs > atMs - windowMs);
        const requests = within.reduce((sum, block) => sum + block.requests, 0);
        return requests > 0 && within.reduce((sum, block) => sum + block.errors, 0) / requests > 14.4 * 0.001;
      });
    };
  },
};

/** A two-sample z-test at 1 % on all counts so far, after each scrape. */
const naiveZ: Contender = {
  name: 'naive z',
  start: () => {
    let [n, x, m, y] = [0, 0, 0, 0];
    return ({ canary, stable }) => {
      n += canary?.requests ?? 0;
      x += canary?.errors ?? 0;
      m += stable?.requests ?? 0;
      y += stable?.errors ?? 0;
      const pooled = (x + y) / (n + m);
      const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
      return n > 0 && m > 0 && deviation > 0 && (x / n - y / m) / deviation > 2.326;
    };
  },
};

export const rivals: readonly Contender[] = [
  flagger('threshold 1m x 5', 60_000, 5),
  flagger('threshold 10s x 3', 10_000, 3),
  argoEvery('argo 5m/3', 300_000, 3),
  argoEvery('argo 1m/0', 60_000, 0),
  contender('kayenta 5m', { ...base, judge: 'kayenta', intervalMs: 300_000 }),
  burnRate,
  naiveZ,
];
