import { expect, test } from 'vitest';
import type { JudgePlan } from './judge.ts';
import { judgeOf } from './judges.ts';
import { withJudge } from './with-judge.ts';

const plan: JudgePlan = {
  judge: 'bet',
  intervalMs: 10_000,
  failureThreshold: 2,
  failAt: 'atOnce',
  onNoData: 'wait',
  checks: [
    {
      name: 'success',
      measure: { kind: 'successShare' },
      limit: { min: 99.9 },
      shownUnit: '%',
      shownScale: 1,
      windowMs: 60_000,
      minRequests: 20,
    },
  ],
};

test('each judge takes the same checks', () => {
  for (const name of ['threshold', 'bet', 'likelihood', 'argo', 'kayenta'] as const) {
    const other = withJudge(plan, name);
    expect(other).toMatchObject({ judge: name, checks: plan.checks });
    expect(judgeOf(name).start(other).judge).toBe(name);
  }
});

test('argo gets conditions of the limits, and keeps those that are written', () => {
  expect(withJudge(plan, 'argo').argo).toEqual({
    metrics: [
      { check: 'success', intervalMs: 300_000, failureLimit: 3, successCondition: 'result[0] >= 99.9' },
    ],
  });
  const argo = { metrics: [] };
  expect(withJudge({ ...plan, argo }, 'argo').argo).toBe(argo);
});
