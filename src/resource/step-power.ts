import type { BadCount } from '../analysis/bet/bet-tests.ts';
import { betTestsOf } from '../analysis/bet/bet-tests.ts';
import { powerSettingsOf } from '../analysis/bet/planning.ts';
import type { JudgePlan } from '../analysis/judge.ts';
import { weighsEvidence } from '../analysis/weighs-evidence.ts';
import { smallestFound } from '../analysis/power.ts';

/** What the checks of one limit find in one step: shares of the canary's requests, in percent. */
export interface StepFinding {
  /** Names of the checks that are this one question. */
  readonly checks: readonly string[];
  readonly counts: 'errors' | 'slower';
  /** Slower than this; null for errors. */
  readonly slowerThanSeconds: number | null;
  readonly limitPercent: number;
  /** Requests that one look at this limit has: those of the step, and for `threshold` those of one window. */
  readonly requests: number;
  /** Smallest share that is found in 9 of 10 cases; null: not even all requests. */
  readonly smallestPercent: number | null;
}

/** A limit on bad requests, as a share (0 to 1), and the checks that ask for it. */
export interface LimitOnRequests {
  readonly checks: JudgePlan['checks'];
  readonly counts: 'errors' | 'slower';
  readonly slowerThanSeconds: number | null;
  readonly limit: number;
}

/** The limits of a plan that bad requests can break; equal ones once. Floors, such as a least error share, are none. */
export function limitsOnRequests({ checks }: Pick<JudgePlan, 'checks'>): readonly LimitOnRequests[] {
  return betTestsOf(checks).groups.flatMap(({ checks: asking, absolute }) => {
    if (absolute === null || !isUpper(absolute.bad)) return [];
    const slowerThanSeconds = absolute.bad.kind === 'slower' ? absolute.bad.seconds : null;
    const counts = slowerThanSeconds === null ? 'errors' : 'slower';
    return [{ checks: asking, counts, slowerThanSeconds, limit: absolute.limit }];
  });
}

/**
 * What a step of `lengthMs` finds. `bet` and `likelihood` weigh all its requests (`smallestFound`, α shared by the tests of the plan);
 * `threshold` sees one window at a time. The other judges have no such figure.
 */
export function stepFindings(
  judging: JudgePlan,
  canaryPerSecond: number,
  lengthMs: number,
): readonly StepFinding[] {
  const sequential = weighsEvidence(judging.judge);
  if (!sequential && judging.judge !== 'threshold') return [];
  return limitsOnRequests(judging).map(({ checks, counts, slowerThanSeconds, limit }) => {
    const windows = checks.map((check) => ({
      requests: (canaryPerSecond * Math.min(lengthMs, check.windowMs)) / 1000,
      minRequests: check.minRequests,
    }));
    // Of checks with several windows the longest sees the most.
    const window = windows.toSorted((a, b) => b.requests - a.requests)[0];
    const requests = sequential ? (canaryPerSecond * lengthMs) / 1000 : (window?.requests ?? 0);
    const judged = sequential || requests >= (window?.minRequests ?? 0);
    const bad: BadCount =
      slowerThanSeconds === null ? { kind: 'errors' } : { kind: 'slower', seconds: slowerThanSeconds };
    // A limit of nothing is broken by the first failure, whoever judges.
    const smallest =
      sequential && limit > 0
        ? smallestFound(requests, powerSettingsOf(judging, { key: '', bad, limit }))
        : judged
          ? foundInWindow(limit, requests)
          : null;
    return {
      checks: checks.map(({ name }) => name),
      counts,
      slowerThanSeconds,
      limitPercent: limit * 100,
      requests,
      smallestPercent: smallest === null ? null : smallest * 100,
    };
  });
}

/** The smallest error share among the findings; null: there is none. */
export function smallestErrorPercent(findings: readonly StepFinding[]): number | null {
  const found = findings.flatMap(({ counts, smallestPercent }) =>
    counts === 'errors' && smallestPercent !== null ? [smallestPercent] : [],
  );
  return found.length === 0 ? null : Math.min(...found);
}

/**
 * A window of n requests shows the limit plus 1.28 standard errors (normal approximation of the binomial), and at least ln 10 / n,
 * below which no request fails at all in 1 of 10 cases.
 */
function foundInWindow(limit: number, requests: number): number | null {
  if (requests <= 0) return null;
  const share = Math.max(limit + 1.2816 * Math.sqrt((limit * (1 - limit)) / requests), Math.LN10 / requests);
  return share > 1 ? null : share;
}

function isUpper({ kind }: BadCount): boolean {
  return kind === 'errors' || kind === 'slower';
}
