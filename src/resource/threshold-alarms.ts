import { binomialAtLeast } from '../analysis/special/incomplete-beta.ts';
import type { JudgePlan } from '../analysis/judge.ts';
import { thresholdFalseAlarm } from '../analysis/power.ts';
import { limitsOnRequests } from './step-power.ts';

/** How often `threshold` fails a release that has half of what its limit allows. */
export interface ThresholdAlarm {
  readonly check: string;
  readonly limitPercent: number;
  /** Half of the limit. */
  readonly healthyPercent: number;
  /** Of one check; of the first stretch where they differ. */
  readonly requestsPerCheck: number;
  readonly checks: number;
  /** Of the checks, on average over the run. */
  readonly failedChecksPercent: number;
  /** Of rollouts that are rolled back. */
  readonly rolledBackPercent: number;
}

/** Time in which the canary gets the same traffic. */
export interface Stretch {
  readonly canaryPerSecond: number;
  readonly lengthMs: number;
}

/**
 * Exact binomials for checks whose windows do not overlap. Where a window is longer than the interval, one bad window fails as many
 * checks as fit into it: it is reckoned once, and so many fewer of them roll back.
 */
export function thresholdAlarms(
  judging: Pick<JudgePlan, 'checks' | 'intervalMs' | 'failureThreshold'>,
  stretches: readonly Stretch[],
): readonly ThresholdAlarm[] {
  return limitsOnRequests(judging).flatMap(({ checks, limit }) =>
    checks.flatMap((check) => {
      const everyMs = Math.max(judging.intervalMs, check.windowMs);
      const failures = Math.ceil((judging.failureThreshold * judging.intervalMs) / everyMs - 1e-9);
      const looks = stretches.flatMap(({ canaryPerSecond, lengthMs }) => {
        const requests = Math.round((canaryPerSecond * Math.min(check.windowMs, lengthMs)) / 1000);
        const count = Math.max(1, Math.floor(lengthMs / everyMs));
        return requests > 0 && requests >= check.minRequests ? [{ requests, count }] : [];
      });
      const [first] = looks;
      if (first === undefined) return [];
      const share = limit / 2;
      const groups = looks.map(({ requests, count }) => ({
        count,
        chance: thresholdFalseAlarm(share, { requestsPerCheck: requests, limit, checks: 1, failures: 1 })
          .check,
      }));
      const total = groups.reduce((sum, { count }) => sum + count, 0);
      const mean = groups.reduce((sum, { count, chance }) => sum + count * chance, 0) / total;
      return [
        {
          check: check.name,
          limitPercent: limit * 100,
          healthyPercent: share * 100,
          requestsPerCheck: first.requests,
          checks: total,
          failedChecksPercent: mean * 100,
          rolledBackPercent: atLeast(failures, groups, mean, total) * 100,
        },
      ];
    }),
  );
}

/** Beyond it a binomial with the mean chance stands for the exact distribution. */
const mostWork = 1_000_000;

/** P(at least `failures` checks fail), where each group of checks has a chance of its own. */
function atLeast(
  failures: number,
  groups: readonly { readonly count: number; readonly chance: number }[],
  mean: number,
  total: number,
): number {
  if (failures > total) return 0;
  const [first] = groups;
  const same = groups.every(({ chance }) => chance === first?.chance);
  if (same || total * failures > mostWork) return binomialAtLeast(failures, total, mean);
  // chances[k]: P(k failures so far), for k below `failures`.
  const chances = [1, ...Array.from({ length: failures - 1 }, () => 0)];
  for (const { count, chance } of groups) {
    for (let check = 0; check < count; check += 1) {
      for (let k = failures - 1; k >= 0; k -= 1)
        chances[k] = (chances[k] ?? 0) * (1 - chance) + (k > 0 ? (chances[k - 1] ?? 0) * chance : 0);
    }
  }
  return Math.max(0, 1 - chances.reduce((sum, one) => sum + one, 0));
}
