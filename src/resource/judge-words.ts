import type { JudgePlan, VerdictEvidence } from '../analysis/judge.ts';
import { weighsEvidence } from '../analysis/weighs-evidence.ts';
import { rarityOf } from '../analysis/bet/describe-check.ts';

/** What is promised of how rarely a healthy release is taken back, and where the promise ends. */
export function guaranteeWords({ judge, bet, checks }: JudgePlan): string {
  if (!weighsEvidence(judge))
    return `The judge ${judge} promises nothing about how rarely a healthy release is taken back.`;
  const statistical = checks.filter(({ measure }) => measure.kind !== 'sample' && measure.kind !== 'gauge');
  if (statistical.length === 0)
    return 'No check counts requests, so nothing is promised about how rarely a healthy release is taken back.';
  const percent = Number(((bet?.falseRollback ?? 0.01) * 100).toPrecision(3));
  const assumption =
    judge === 'bet'
      ? 'under the two assumptions of docs/judge.md'
      : `if at most ${bet?.dispersion ?? 1} ${(bet?.dispersion ?? 1) === 1 ? 'request fails' : 'requests fail'} together`;
  return [
    `At most ${percent} % of healthy releases are taken back by the checks that count requests, ${assumption}.`,
    'Crashes, webhooks and queries are outside of it; the bake has a detector of its own.',
  ].join(' ');
}

/** `a healthy release would look this bad in fewer than 1 of 4,100 rollouts`; null while that says nothing. */
export function rarityWords({ peakLogEvidence, detector }: VerdictEvidence): string | null {
  return rarityOf(peakLogEvidence, detector !== null);
}
