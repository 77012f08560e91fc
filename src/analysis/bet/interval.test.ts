import { expect, test } from 'vitest';
import { Random } from '../../../test/statistics/random.ts';
import type { Block } from '../block.ts';
import type { CheckVerdict, JudgePlan } from '../judge.ts';
import { bet } from './bet.ts';

/** α is large, so that what picking an onset does to an interval is seen in few runs. */
const plan: JudgePlan = {
  judge: 'bet',
  bet: { falseRollback: 0.2 },
  intervalMs: 10_000,
  failureThreshold: 2,
  failAt: 'atOnce',
  onNoData: 'wait',
  checks: [
    {
      name: 'error-rate',
      measure: { kind: 'errorShare' },
      limit: { max: 1 },
      shownUnit: '%',
      shownScale: 1,
      windowMs: 60_000,
      minRequests: 20,
      compare: false,
    },
  ],
};

/** The check as it first speaks against a release that is exactly at its limit. */
function whenSuspected(random: Random): CheckVerdict | null {
  let state = bet.start(plan);
  for (let index = 0; index < 400; index += 1) {
    const atMs = (index + 1) * 5_000;
    const canary = { requests: 50, errors: random.binomial(50, 0.01) };
    const block: Block = { atMs, durationMs: 5_000, canary };
    const input = { blocks: [block], samples: [], signals: [], providerError: null, nowMs: atMs };
    const judged = bet.judge(plan, state, input);
    state = judged.state;
    const { kind, checks } = judged.verdict;
    if (kind === 'fail' || kind === 'suspect') return checks[0] ?? null;
  }
  return null;
}

test('an interval of what is counted since the likeliest onset allows for that onset being picked', () => {
  const shown: CheckVerdict[] = [];
  for (let seed = 1; seed <= 150; seed += 1) {
    const check = whenSuspected(new Random(seed));
    if (check?.evidence?.onsetAtMs !== null && check !== null) shown.push(check);
  }
  expect(shown.length).toBeGreaterThan(30);
  const missed = shown.filter(({ interval }) => interval === null || interval.low > 1 || interval.high < 1);
  // Without the allowance it is more than a third of them.
  expect(missed.length).toBeLessThanOrEqual(2);
});
