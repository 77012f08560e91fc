import type { JudgePlan } from '../judge.ts';
import { type PowerSettings, requestsNeeded } from '../power.ts';
import type { AbsoluteTest, CheckGroup } from './bet-tests.ts';
import { betTestsOf } from './bet-tests.ts';
import { ratiosFor } from './factors.ts';

/** Probability with which a regression that is spoken of is found. */
const power = 0.9;

/** How one test of the plan is reckoned with: its limit, and α shared between all tests of the plan. */
export function powerSettingsOf(plan: JudgePlan, test: AbsoluteTest): PowerSettings {
  return {
    limit: test.limit,
    falseRollback: plan.bet?.falseRollback ?? 0.01,
    power,
    alternatives: ratiosFor(test.limit).length,
    tests: countTests(betTestsOf(plan.checks).groups),
    dispersion: plan.judge === 'likelihood' ? (plan.bet?.dispersion ?? 1) : 1,
  };
}

/** Processes of evidence among which α is shared. */
export function countTests(groups: readonly CheckGroup[]): number {
  return groups.reduce(
    (sum, { absolute, share }) => sum + (absolute === null ? 0 : 1) + (share === null ? 0 : 1),
    0,
  );
}

/**
 * Canary requests in which a canary with `share` (0 to 1) of bad requests is found in 9 of 10 cases, by the checks on errors, or where
 * there are none by those on latency; null: `share` is within every limit, so no number of requests finds it.
 */
export function requestsForEffect(plan: JudgePlan, share: number): number | null {
  const tests = betTestsOf(plan.checks).groups.flatMap(({ absolute }) => absolute ?? []);
  const errors = tests.filter(({ bad }) => !('seconds' in bad));
  const needed = (errors.length === 0 ? tests : errors)
    .map((test) => requestsNeeded(share, powerSettingsOf(plan, test)))
    .filter((requests) => Number.isFinite(requests));
  return needed.length === 0 ? null : Math.ceil(Math.max(...needed));
}
