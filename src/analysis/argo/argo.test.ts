import { expect, test } from 'vitest';
import type { ArgoMetric, JudgePlan } from '../judge.ts';
import { argo } from './argo.ts';

const metric: ArgoMetric = { check: 'error-rate', intervalMs: 60_000, successCondition: 'result[0] <= 0.1' };

function kinds(change: Partial<ArgoMetric>, errors: readonly (number | null)[]): string[] {
  const plan: JudgePlan = {
    judge: 'argo',
    argo: { metrics: [{ ...metric, ...change }] },
    intervalMs: 60_000,
    failureThreshold: 1,
    failAt: 'atOnce',
    onNoData: 'wait',
    checks: [
      {
        name: 'error-rate',
        measure: { kind: 'errorShare' },
        limit: { max: 0.1 },
        shownUnit: '%',
        shownScale: 1,
        windowMs: 60_000,
        minRequests: 0,
      },
    ],
  };
  let state = argo.start(plan);
  return errors.map((count, index) => {
    const atMs = (index + 1) * 60_000;
    const canary = { requests: count === null ? 0 : 1_000, errors: count ?? 0 };
    const input = { samples: [], signals: [], providerError: null, nowMs: atMs };
    const next = argo.judge(plan, state, { ...input, blocks: [{ atMs, durationMs: 60_000, canary }] });
    state = JSON.parse(JSON.stringify(next.state));
    return next.verdict.kind;
  });
}

test('more failures than allowed, over the whole run, are the end', () => {
  expect(kinds({}, [1, 2])).toEqual(['pass', 'fail']);
  expect(kinds({ failureLimit: 2 }, [2, 0, 2, 0, 2, 0])).toEqual([
    'notEnoughData',
    'pass',
    'notEnoughData',
    'pass',
    'fail',
    'fail',
  ]);
});

test('between the two conditions nothing is decided, and no more than allowed of it', () => {
  const open = {
    successCondition: 'result[0] < 0.1',
    failureCondition: 'result[0] > 0.5',
    inconclusiveLimit: 1,
  };
  expect(kinds(open, [3, 0, 3, 0])).toEqual(['notEnoughData', 'pass', 'suspect', 'suspect']);
  expect(kinds(open, [6])).toEqual(['fail']);
});

test('measurements that cannot be taken are errors; five in a row end the run', () => {
  expect(kinds({}, [null, null, null, null, null])).toEqual(['noData', 'noData', 'noData', 'noData', 'fail']);
  expect(kinds({}, [null, null, null, null, 0, null])).toEqual([
    'noData',
    'noData',
    'noData',
    'noData',
    'pass',
    'noData',
  ]);
});

test('a metric is done after its count, or after enough successes in a row', () => {
  expect(kinds({ count: 2 }, [0, 0, 9, 9])).toEqual(['pass', 'pass', 'pass', 'pass']);
  expect(kinds({ failureLimit: 1, consecutiveSuccessLimit: 2 }, [9, 0, 0, 9])).toEqual([
    'notEnoughData',
    'pass',
    'pass',
    'pass',
  ]);
});

test('the first measurement waits for the delay', () => {
  expect(kinds({ initialDelayMs: 120_000 }, [9, 9])).toEqual(['notEnoughData', 'fail']);
});
