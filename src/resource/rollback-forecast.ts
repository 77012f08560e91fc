import { betTestsOf } from '../analysis/bet/bet-tests.ts';
import type { JudgePlan } from '../analysis/judge.ts';
import { expectedDamage } from '../analysis/power.ts';
import { limitsOnRequests } from './step-power.ts';

/** What a canary that fails `errorPercent` of its requests from the start on costs until it is rolled back. */
export interface RollbackForecast {
  readonly errorPercent: number;
  /**
   * `found`: it is rolled back after `seconds`, about. `withinLimit`: no limit forbids so few errors. `onlyCompared`: the same, but it is
   * found where stable has fewer. `tooFew`: a check does not get the requests that it needs.
   */
  readonly kind: 'found' | 'withinLimit' | 'onlyCompared' | 'tooFew';
  readonly seconds: number | null;
  /** Null where the traffic is not known. */
  readonly failedRequests: number | null;
  /** False: it takes longer than the first step, and goes on in the next, with its traffic. */
  readonly withinStep: boolean;
}

export interface FirstTraffic {
  /** Null: not known. */
  readonly canaryPerSecond: number | null;
  readonly lengthMs: number;
  readonly blockMs: number;
}

const errorPercents = [1, 5, 50] as const;

/**
 * For 1, 5 and 50 % of errors, at the traffic of the first step. `bet` and `likelihood` decide by evidence (`expectedDamage`), `threshold`
 * by the clock: its failed checks, one an interval. Empty: no check counts errors, or nothing can be said of the judge.
 */
export function rollbackForecasts(judging: JudgePlan, first: FirstTraffic): readonly RollbackForecast[] {
  const errors = limitsOnRequests(judging).filter(({ counts }) => counts === 'errors');
  if (errors.length === 0) return [];
  const limit = Math.min(...errors.map((one) => one.limit));
  const { judge } = judging;
  if (judge === 'threshold') {
    const checks = errors.filter((one) => one.limit === limit).flatMap((one) => one.checks);
    return errorPercents.map((percent) => byClock(percent, limit, judging, checks, first));
  }
  const { canaryPerSecond } = first;
  if ((judge !== 'bet' && judge !== 'likelihood') || canaryPerSecond === null || canaryPerSecond <= 0)
    return [];
  const compared = betTestsOf(judging.checks).comparesErrors;
  return errorPercents.map((percent): RollbackForecast => {
    const share = percent / 100;
    if (share <= limit) return notFound(percent, compared ? 'onlyCompared' : 'withinLimit');
    const falseRollback = judging.bet?.falseRollback ?? 0.01;
    const traffic = { canaryRps: canaryPerSecond, blockSeconds: first.blockMs / 1000 };
    // A limit of nothing is broken by the first failed request, and confirmed by the block after it.
    const damage = expectedDamage(share, { limit: Math.max(limit, 1e-12), falseRollback }, traffic);
    return {
      errorPercent: percent,
      kind: 'found',
      ...damage,
      withinStep: damage.seconds * 1000 <= first.lengthMs,
    };
  });
}

function byClock(
  percent: number,
  limit: number,
  judging: JudgePlan,
  checks: JudgePlan['checks'],
  { canaryPerSecond, lengthMs }: FirstTraffic,
): RollbackForecast {
  if (percent / 100 <= limit) return notFound(percent, 'withinLimit');
  const judged = checks.filter(
    ({ windowMs, minRequests }) =>
      canaryPerSecond === null || (canaryPerSecond * Math.min(windowMs, lengthMs)) / 1000 >= minRequests,
  );
  if (judged.length === 0) return notFound(percent, 'tooFew');
  const evaluations = judging.failureThreshold + (judging.failAt === 'nextTick' ? 1 : 0);
  const seconds = (evaluations * judging.intervalMs) / 1000;
  return {
    errorPercent: percent,
    kind: 'found',
    seconds,
    failedRequests: canaryPerSecond === null ? null : (percent / 100) * canaryPerSecond * seconds,
    withinStep: seconds * 1000 <= lengthMs,
  };
}

function notFound(errorPercent: number, kind: Exclude<RollbackForecast['kind'], 'found'>): RollbackForecast {
  return { errorPercent, kind, seconds: null, failedRequests: null, withinStep: false };
}
