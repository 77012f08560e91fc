import type { JudgeName, JudgePlan } from '../judge.ts';
import { type CountedShare, countedShare, rolloutsToShow } from './bounds.ts';
import type { RolloutCourse } from './history.ts';
import { type HoursOfWeek, hoursOfWeek } from './hours-of-week.ts';
import { type Judged, judgeRollout, type PastRollout } from './judge-rollout.ts';

/** In the order of the report. */
export const comparedJudges: readonly JudgeName[] = ['bet', 'threshold', 'argo', 'kayenta', 'likelihood'];

export interface JudgeRow {
  readonly judge: JudgeName;
  /** Healthy rollouts that it would have rolled back. */
  readonly rolledBack: CountedShare;
  /** Starts of those, in order. */
  readonly startsMs: readonly number[];
  /** Of splits only: how many by an absolute limit, how many by the comparison. */
  readonly byLimits: number;
  readonly byComparison: number;
}

/** When each judge would have caught a rollout that is known to be bad. */
export interface BadRow {
  readonly file: string;
  readonly caught: readonly {
    readonly judge: JudgeName;
    /** From its first block; null: never. */
    readonly afterMs: number | null;
    readonly canaryRequests: number;
    readonly canaryErrors: number;
  }[];
}

export interface BacktestReport {
  readonly healthy: number;
  readonly judges: readonly JudgeRow[];
  readonly bad: readonly BadRow[];
  /** What the history has to show: the share of healthy rollouts that may be rolled back, and how many without one show it. */
  readonly target: number;
  readonly needed: number;
  /** Healthy rollouts of the manifest's own judge by hour of the week. */
  readonly week: HoursOfWeek;
  /** Healthy rollouts whose pods are not told apart. */
  readonly splits: number;
}

/** Judges past rollouts by each judge. `healthy` and `bad` are what people hold them for. */
export function backtest(
  plan: JudgePlan,
  healthy: readonly PastRollout[],
  bad: readonly PastRollout[],
  options: { readonly course: RolloutCourse; readonly judges?: readonly JudgeName[] },
): BacktestReport {
  const { course, judges = comparedJudges } = options;
  const target = plan.bet?.falseRollback ?? 0.01;
  const results = judges.map((judge) => ({
    judge,
    judged: healthy.map((rollout) => judgeRollout(plan, judge, rollout, course)),
  }));
  const own = results.find(({ judge }) => judge === plan.judge) ?? results[0];
  return {
    healthy: healthy.length,
    judges: results.map(({ judge, judged }) => rowOf(judge, judged, healthy)),
    bad: bad.map((rollout) => badRow(plan, judges, rollout, course)),
    target,
    needed: rolloutsToShow(target),
    week: hoursOfWeek(
      healthy.map(({ startMs }, index) => ({ startMs, rolledBack: isRolledBack(own?.judged[index]) })),
    ),
    splits: healthy.filter(({ arms }) => arms.kind === 'split').length,
  };
}

function rowOf(judge: JudgeName, judged: readonly Judged[], healthy: readonly PastRollout[]): JudgeRow {
  const rolledBack = judged.filter(isRolledBack);
  return {
    judge,
    rolledBack: countedShare(rolledBack.length, judged.length),
    startsMs: healthy.flatMap(({ startMs }, index) => (isRolledBack(judged[index]) ? [startMs] : [])),
    byLimits: rolledBack.filter(({ by }) => by === 'limits').length,
    byComparison: rolledBack.filter(({ by }) => by === 'comparison').length,
  };
}

function isRolledBack(judged: Judged | undefined): boolean {
  return judged !== undefined && judged.rolledBackAtMs !== null;
}

function badRow(
  plan: JudgePlan,
  judges: readonly JudgeName[],
  rollout: PastRollout,
  course: RolloutCourse,
): BadRow {
  return {
    file: rollout.file ?? '',
    caught: judges.map((judge) => {
      const { rolledBackAtMs, canaryRequests, canaryErrors } = judgeRollout(plan, judge, rollout, course);
      const afterMs = rolledBackAtMs === null ? null : rolledBackAtMs - rollout.startMs;
      return { judge, afterMs, canaryRequests, canaryErrors };
    }),
  };
}
