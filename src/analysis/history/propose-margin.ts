import type { Block } from '../block.ts';
import type { JudgePlan } from '../judge.ts';
import { type CountedShare, countedShare } from './bounds.ts';
import type { RolloutCourse } from './history.ts';
import { judgeRollout, type PastRollout, withoutLimits } from './judge-rollout.ts';

/** ψ0 that are tried. */
export const candidateMargins: readonly number[] = [1, 1.25, 1.5, 2, 3];

export interface MarginProposal {
  readonly current: number;
  /**
   * `found`: no placebo is rolled back. `none`: pods differ by more than every margin. `oneArm`: the history does not tell pods apart.
   * `notCompared`: no check compares errors with stable's. `noErrors`: nothing failed, so that every margin looks right.
   */
  readonly kind: 'found' | 'none' | 'oneArm' | 'notCompared' | 'noErrors';
  readonly margin: number | null;
  /** Placebos at that margin, or at the largest one. */
  readonly rolledBack: CountedShare;
}

/**
 * The smallest margin at which no placebo is rolled back: a placebo is a rollout in which some of stable's own pods play the canary, so
 * that whatever is found is a difference between pods.
 */
export function proposeMargin(
  plan: JudgePlan,
  rollouts: readonly PastRollout[],
  course: RolloutCourse,
): MarginProposal {
  const current = plan.bet?.margin ?? 1.5;
  const placebos = rollouts.filter(({ arms }) => arms.kind !== 'split');
  const errorsOnly = withoutLimits({
    ...plan,
    checks: plan.checks.filter(
      ({ measure }) => measure.kind === 'errorShare' || measure.kind === 'successShare',
    ),
  });
  const proposal = (
    kind: MarginProposal['kind'],
    margin: number | null,
    crossings: number,
  ): MarginProposal => ({
    current,
    kind,
    margin,
    rolledBack: countedShare(crossings, placebos.length),
  });
  if (errorsOnly.checks.length === 0) return proposal('notCompared', null, 0);
  if (placebos.length === 0) return proposal('oneArm', null, 0);
  if (!placebos.some(({ arms }) => arms.kind !== 'split' && arms.blocks.some(hasErrors)))
    return proposal('noErrors', null, 0);
  let crossings = 0;
  for (const margin of candidateMargins) {
    const at: JudgePlan = { ...errorsOnly, bet: { ...errorsOnly.bet, margin } };
    crossings = placebos.filter(
      (rollout) => judgeRollout(at, 'bet', rollout, course).rolledBackAtMs !== null,
    ).length;
    if (crossings === 0) return proposal('found', margin, 0);
  }
  return proposal('none', null, crossings);
}

function hasErrors({ canary, stable }: Block): boolean {
  return (canary?.errors ?? 0) + (stable?.errors ?? 0) > 0;
}
