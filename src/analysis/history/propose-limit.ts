import { accusingBound, certifyingBound, countBad } from '../bet/bad-count.ts';
import type { Block } from '../block.ts';
import type { CheckPlan, JudgePlan } from '../judge.ts';
import { smallestFound } from '../power.ts';
import { type CountedShare, countedShare, rolloutsToShow } from './bounds.ts';
import type { RolloutCourse } from './history.ts';
import { judgeRollout, type PastRollout, withoutComparison } from './judge-rollout.ts';

/** Limits that people write: 0.01 %, 0.02 %, 0.05 %, 0.1 % … 50 %. Shares, 0 to 1. */
export const candidateLimits: readonly number[] = [1e-4, 1e-3, 1e-2, 1e-1].flatMap((decade) =>
  [1, 2, 5].map((digit) => Number((decade * digit).toPrecision(6))),
);

export interface LimitProposal {
  readonly check: string;
  /** What the manifest allows now; a share, 0 to 1. */
  readonly current: number;
  /**
   * `found`: the smallest limit without a rollback. `tooFew`: it may be right, but so few rollouts do not show it. `none`: healthy
   * rollouts break every limit. `noData`: the history does not hold what is counted.
   */
  readonly kind: 'found' | 'tooFew' | 'none' | 'noData';
  /** The limit that is meant by `kind`; a share. null without one. */
  readonly limit: number | null;
  readonly rolledBack: CountedShare;
  /** Bad share of all requests of the history. */
  readonly usual: number;
  /** Canary requests of one rollout, on average. */
  readonly requests: number;
  /** Share that one rollout finds with 90 % at that limit; null: not even 100 %. */
  readonly smallestFound: number | null;
  readonly latency: LatencyBounds | null;
}

/** Where a latency limit lies between the bounds of the histogram, in seconds. */
export interface LatencyBounds {
  readonly limit: number;
  /** The bound that slow requests are counted at; null: none is as high. */
  readonly countedAt: number | null;
  /** The next one below the limit, or the limit itself; null: none. */
  readonly below: number | null;
}

export interface LimitOptions {
  /** The share of healthy rollouts that may be rolled back. */
  readonly target: number;
  /** α. */
  readonly falseRollback: number;
  readonly course: RolloutCourse;
}

/** The limit of one check alone; null: it has none that could be moved. */
export function limitOf({ measure, limit }: CheckPlan): number | null {
  const share =
    measure.kind === 'errorShare'
      ? limit.max
      : measure.kind === 'successShare'
        ? limit.min === undefined
          ? undefined
          : 100 - limit.min
        : undefined;
  if (share !== undefined) return Number((share / 100).toPrecision(9));
  if (measure.kind !== 'latencyQuantile' || limit.max === undefined) return null;
  return Number((1 - measure.quantile).toPrecision(9));
}

/** The same check with another limit. A latency limit keeps its seconds: the share is that of its quantile. */
export function withLimit(check: CheckPlan, share: number): CheckPlan {
  const { measure } = check;
  const percent = Number((share * 100).toPrecision(9));
  switch (measure.kind) {
    case 'errorShare':
      return { ...check, limit: { ...check.limit, max: percent } };
    case 'successShare':
      return { ...check, limit: { ...check.limit, min: Number((100 - percent).toPrecision(9)) } };
    case 'latencyQuantile':
      return { ...check, measure: { ...measure, quantile: Number((1 - share).toPrecision(9)) } };
    default:
      return check;
  }
}

/**
 * The smallest limit on a grid of 1, 2 and 5, not below the usual share, that no healthy rollout breaks, with enough rollouts to show that at most `target` of them
 * would. Each check is judged by itself and not compared with stable, so that it is neither helped nor blamed by the others.
 */
export function proposeLimit(
  plan: JudgePlan,
  check: CheckPlan,
  rollouts: readonly PastRollout[],
  options: LimitOptions,
): LimitProposal | null {
  const current = limitOf(check);
  if (current === null) return null;
  const seen = seenOf(check, rollouts);
  const tests = plan.checks.length;
  const proposal = (
    kind: LimitProposal['kind'],
    limit: number | null,
    rolledBack: number,
  ): LimitProposal => ({
    check: check.name,
    current,
    kind,
    limit,
    rolledBack: countedShare(rolledBack, rollouts.length),
    usual: seen.requests === 0 ? 0 : seen.bad / seen.requests,
    requests: seen.canaryRequests,
    smallestFound:
      limit === null
        ? null
        : smallestFound(seen.canaryRequests, {
            limit,
            falseRollback: options.falseRollback,
            power: 0.9,
            tests,
          }),
    latency: seen.latency,
  });
  if (seen.requests === 0 || rollouts.length === 0) return proposal('noData', null, 0);
  for (const candidate of candidateLimits) {
    // Short rollouts may never show it, but a limit below what is usual is broken all the same.
    if (candidate < seen.bad / seen.requests) continue;
    const alone: JudgePlan = withoutComparison({ ...plan, checks: [withLimit(check, candidate)] });
    const crosses = (rollout: PastRollout): boolean =>
      judgeRollout(alone, 'bet', rollout, options.course).rolledBackAtMs !== null;
    if (rollouts.some(crosses)) continue;
    const enough = rollouts.length >= rolloutsToShow(options.target);
    return proposal(enough ? 'found' : 'tooFew', candidate, 0);
  }
  return proposal('none', null, rollouts.length);
}

interface Seen {
  readonly requests: number;
  readonly bad: number;
  readonly canaryRequests: number;
  readonly latency: LatencyBounds | null;
}

function seenOf(check: CheckPlan, rollouts: readonly PastRollout[]): Seen {
  const { measure, limit } = check;
  const seconds = measure.kind === 'latencyQuantile' ? limit.max : undefined;
  const bad = seconds === undefined ? ({ kind: 'errors' } as const) : ({ kind: 'slower', seconds } as const);
  let requests = 0;
  let badRequests = 0;
  let canaryRequests = 0;
  let latency: LatencyBounds | null = null;
  for (const { arms } of rollouts) {
    for (const block of arms.kind === 'split' ? arms.whole : arms.blocks) {
      for (const counts of [block.canary, block.stable]) {
        if (counts === undefined) continue;
        const bounds = counts.latency?.bounds;
        if (seconds !== undefined && bounds !== undefined && latency === null)
          latency = latencyBounds(bounds, seconds);
        const counted = countBad(counts, bad);
        requests += counted?.requests ?? 0;
        badRequests += counted?.bad ?? 0;
      }
    }
    canaryRequests += requestsOf(arms.kind === 'split' ? arms.split : arms.blocks);
  }
  return {
    requests,
    bad: badRequests,
    canaryRequests: rollouts.length === 0 ? 0 : Math.round(canaryRequests / rollouts.length),
    latency,
  };
}

function requestsOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { canary }) => sum + (canary?.requests ?? 0), 0);
}

function latencyBounds(bounds: readonly number[], limit: number): LatencyBounds {
  const at = { kind: 'slower', seconds: limit } as const;
  const index = accusingBound(bounds, at);
  return {
    limit,
    countedAt: index === null ? null : (bounds[index] ?? null),
    below: bounds[certifyingBound(bounds, at)] ?? null,
  };
}
