import type { Block } from '../block.ts';
import type { CheckPlan, JudgeName, JudgePlan, Verdict } from '../judge.ts';
import { judgeOf } from '../judges.ts';
import { withJudge } from '../with-judge.ts';
import { lengthOf, type RolloutCourse, stepAt } from './history.ts';
import type { Arms } from './pseudo-arms.ts';

/** One rollout, real or made from history, as a judge is shown it. */
export interface PastRollout {
  /** Of its first block. */
  readonly startMs: number;
  /** The file that it was recorded in; null: cut from a history. */
  readonly file: string | null;
  readonly arms: Arms;
}

/** What a judge would have done. */
export interface Judged {
  /** End of the block at which it would have rolled back; null: it would not. */
  readonly rolledBackAtMs: number | null;
  /** Which part of a split said so; null without a rollback, and where there is only one part. */
  readonly by: 'limits' | 'comparison' | null;
  readonly canaryRequests: number;
  readonly canaryErrors: number;
}

/** The part of a plan that counts can judge: without readings that are only numbers, which no history holds. */
export function countedPlan(plan: JudgePlan): JudgePlan {
  return { ...plan, checks: plan.checks.filter(isCounted) };
}

function isCounted({ measure }: CheckPlan): boolean {
  return (
    measure.kind === 'errorShare' || measure.kind === 'successShare' || measure.kind === 'latencyQuantile'
  );
}

/** Only the limits: nothing is held against stable. */
export function withoutComparison(plan: JudgePlan): JudgePlan {
  return { ...plan, checks: plan.checks.map((check) => ({ ...check, compare: false })) };
}

/** Only the comparison with stable: no limit can be broken. */
export function withoutLimits(plan: JudgePlan): JudgePlan {
  const compared = plan.checks.filter(({ compare }) => compare !== false);
  return { ...plan, checks: compared.map((check) => ({ ...check, limit: {} })) };
}

/** Plays a rollout to a judge as the engine would, block by block and step by step, up to a rollback. */
export function judgeRollout(
  plan: JudgePlan,
  judge: JudgeName,
  { arms }: PastRollout,
  course: RolloutCourse,
): Judged {
  const own = withJudge(countedPlan(plan), judge);
  if (arms.kind !== 'split') return play(own, arms.blocks, course);
  // Kayenta compares and knows no limit; threshold and argo know limits and do not compare.
  if (judge === 'kayenta') return { ...play(own, arms.split, course), by: null };
  const byLimits = play(withoutComparison(own), arms.whole, course);
  const compared = withoutLimits(own);
  if ((judge !== 'bet' && judge !== 'likelihood') || compared.checks.length === 0) return byLimits;
  const byComparison = play(compared, arms.split, course);
  return earlier({ ...byLimits, by: 'limits' }, { ...byComparison, by: 'comparison' });
}

function earlier(first: Judged, second: Judged): Judged {
  if (first.rolledBackAtMs === null && second.rolledBackAtMs === null) return { ...first, by: null };
  if (second.rolledBackAtMs === null) return first;
  if (first.rolledBackAtMs === null) return second;
  return first.rolledBackAtMs <= second.rolledBackAtMs ? first : second;
}

/** The largest ln E that a rollout reaches under `bet`, however large: nothing ends it. At least 0, and never rounded down. */
export function peakLogEvidence(plan: JudgePlan, { arms }: PastRollout, course: RolloutCourse): number {
  const counted = countedPlan(plan);
  // No evidence reaches this level, so that nothing is decided and the whole course is seen.
  const endless: JudgePlan = { ...counted, judge: 'bet', bet: { ...counted.bet, level: Number.MAX_VALUE } };
  if (arms.kind !== 'split') return peakOf(endless, arms.blocks, course);
  // A check's evidence is the mean of the two parts, and so never above the larger one.
  const limits = peakOf(withoutComparison(endless), arms.whole, course);
  return Math.max(limits, peakOf(withoutLimits(endless), arms.split, course));
}

/** Peaks are kept in thousandths, rounded down. */
const peakStep = 0.001;

function peakOf(plan: JudgePlan, blocks: readonly Block[], course: RolloutCourse): number {
  let peak = 0;
  walk(plan, blocks, course, (verdict) => {
    peak = verdict.evidence?.peakLogEvidence ?? 0;
    return true;
  });
  return peak === 0 ? 0 : peak + peakStep;
}

function play(plan: JudgePlan, blocks: readonly Block[], course: RolloutCourse): Judged {
  let rolledBackAtMs: number | null = null;
  let canaryRequests = 0;
  let canaryErrors = 0;
  walk(plan, blocks, course, (verdict, block) => {
    canaryRequests += block.canary?.requests ?? 0;
    canaryErrors += block.canary?.errors ?? 0;
    if (verdict.kind !== 'fail') return true;
    rolledBackAtMs = block.atMs;
    return false;
  });
  return { rolledBackAtMs, by: null, canaryRequests, canaryErrors };
}

/** Calls `visit` after each block until it returns false. */
function walk(
  plan: JudgePlan,
  blocks: readonly Block[],
  course: RolloutCourse,
  visit: (verdict: Verdict, block: Block) => boolean,
): void {
  const judge = judgeOf(plan.judge);
  const [first] = blocks;
  if (first === undefined) return;
  const startMs = first.atMs - first.durationMs;
  let state = judge.start(plan);
  let step = 0;
  for (const block of blocks) {
    const now = stepAt(course, block.atMs - block.durationMs - startMs);
    if (now !== step && lengthOf(course) > 0) state = judge.startStep(plan, state);
    step = now;
    const judged = judge.judge(plan, state, {
      blocks: [block],
      samples: [],
      signals: [],
      providerError: null,
      nowMs: block.atMs,
    });
    state = judged.state;
    if (!visit(judged.verdict, block)) return;
  }
}
