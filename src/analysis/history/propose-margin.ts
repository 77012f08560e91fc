import type { ArmCounts, Block } from '../block.ts';
import type { JudgePlan } from '../judge.ts';
import { type CountedShare, countedShare, rolloutsToShow } from './bounds.ts';
import type { RolloutCourse } from './history.ts';
import { judgeRollout, type PastRollout, withoutLimits } from './judge-rollout.ts';
import type { Arms } from './pseudo-arms.ts';

/** ψ0 that are tried. */
export const candidateMargins: readonly number[] = [1, 1.25, 1.5, 2, 3];

export interface MarginProposal {
  readonly current: number;
  /**
   * `found`: no placebo is rolled back. `tooFew`: the same, of so few that it shows nothing. `none`: pods differ by more than every
   * margin. `oneArm`: the history does not tell pods apart.
   * `notCompared`: no check compares errors with stable's. `noErrors`: nothing failed, so that every margin looks right.
   */
  readonly kind: 'found' | 'tooFew' | 'none' | 'oneArm' | 'notCompared' | 'noErrors';
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
  { course, target }: { readonly course: RolloutCourse; readonly target: number },
): MarginProposal {
  const current = plan.bet?.margin ?? 1.5;
  const placebos = rollouts.flatMap(withoutPods);
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
  if (!placebos.some(({ arms }) => arms.blocks.some(hasErrors))) return proposal('noErrors', null, 0);
  let crossings = 0;
  for (const margin of candidateMargins) {
    const at: JudgePlan = { ...errorsOnly, bet: { ...errorsOnly.bet, margin } };
    crossings = placebos.filter(
      (rollout) => judgeRollout(at, 'bet', rollout, course).rolledBackAtMs !== null,
    ).length;
    if (crossings > 0) continue;
    return proposal(placebos.length >= rolloutsToShow(target) ? 'found' : 'tooFew', margin, 0);
  }
  return proposal('none', null, crossings);
}

/** The judge excuses a comparison where it sees that stable's pods differ; here that difference is what is asked for. */
function withoutPods(
  rollout: PastRollout,
): readonly (PastRollout & { readonly arms: Exclude<Arms, { readonly kind: 'split' }> })[] {
  const { arms } = rollout;
  if (arms.kind === 'split') return [];
  const bare = (counts: ArmCounts): ArmCounts => {
    const { requests, errors, latency } = counts;
    return latency === undefined ? { requests, errors } : { requests, errors, latency };
  };
  const blocks = arms.blocks.map(({ atMs, durationMs, canary, stable }) => ({
    atMs,
    durationMs,
    ...(canary && { canary: bare(canary) }),
    ...(stable && { stable: bare(stable) }),
  }));
  return [{ ...rollout, arms: { kind: arms.kind, blocks } }];
}

function hasErrors({ canary, stable }: Block): boolean {
  return (canary?.errors ?? 0) + (stable?.errors ?? 0) > 0;
}
