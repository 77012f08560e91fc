import type { JudgePlan } from '../judge.ts';
import { type BacktestReport, backtest } from './backtest.ts';
import { type ConformalLevel, conformalLevel } from './conformal-level.ts';
import type { RolloutCourse } from './history.ts';
import { countedPlan, type PastRollout, peakLogEvidence } from './judge-rollout.ts';
import { halfOf } from './past-rollouts.ts';
import { type LimitProposal, proposeLimit, withLimit } from './propose-limit.ts';
import { type MarginProposal, proposeMargin } from './propose-margin.ts';

export interface Tuning {
  /** Rollouts that the settings were found on. */
  readonly tunedOn: number;
  readonly limits: readonly LimitProposal[];
  readonly margin: MarginProposal;
  readonly level: ConformalLevel;
  /** The plan with all that was found. */
  readonly tuned: JudgePlan;
  /** On the other rollouts, which nothing was tuned on: as the manifest is, and as proposed. */
  readonly before: BacktestReport;
  readonly after: BacktestReport;
}

export interface TuneOptions {
  readonly course: RolloutCourse;
  /** The share of healthy rollouts that may be rolled back, 0 to 1. */
  readonly target: number;
}

/**
 * Proposes settings of `bet`: first the limits, then the margin, then the level that both leave. They are found on the odd rollouts and
 * reported on the even ones.
 */
export function tune(
  plan: JudgePlan,
  rollouts: readonly PastRollout[],
  bad: readonly PastRollout[],
  { course, target }: TuneOptions,
): Tuning {
  const own: JudgePlan = { ...countedPlan(plan), judge: 'bet' };
  const tuneable = halfOf(rollouts, 'odd');
  const falseRollback = own.bet?.falseRollback ?? 0.01;
  const limits = own.checks.flatMap(
    (check) => proposeLimit(own, check, tuneable, { target, falseRollback, course }) ?? [],
  );
  const limited: JudgePlan = {
    ...own,
    checks: own.checks.map((check) => {
      const found = limits.find(({ check: name, kind }) => name === check.name && kind === 'found');
      return found === undefined || found.limit === null ? check : withLimit(check, found.limit);
    }),
  };
  const margin = proposeMargin(limited, tuneable, { course, target });
  const margined: JudgePlan =
    margin.kind === 'found' && margin.margin !== null
      ? { ...limited, bet: { ...limited.bet, margin: margin.margin } }
      : limited;
  const level = conformalLevel(
    tuneable.map((rollout) => peakLogEvidence(margined, rollout, course)),
    falseRollback,
  );
  const tuned: JudgePlan =
    level.kind === 'level'
      ? { ...margined, bet: { ...margined.bet, level: Math.exp(level.logLevel) } }
      : margined;
  const reported = halfOf(rollouts, 'even');
  return {
    tunedOn: tuneable.length,
    limits,
    margin,
    level,
    tuned,
    before: backtest(own, reported, bad, { course, judges: ['bet'] }),
    after: backtest(tuned, reported, bad, { course, judges: ['bet'] }),
  };
}
