import { describe, expect, test } from 'vitest';
import { backtest } from './backtest.ts';
import type { History } from './history.ts';
import { judgeRollout, type PastRollout, peakLogEvidence } from './judge-rollout.ts';
import { halfOf, rolloutsOf } from './past-rollouts.ts';
import { proposeLimit, withLimit } from './propose-limit.ts';
import { proposeMargin } from './propose-margin.ts';
import {
  blockMs,
  errorRate,
  historyOf,
  latency,
  planOf,
  shortCourse,
  start,
} from '../../../test/statistics/histories.ts';
import { tune } from './tune.ts';

const course = shortCourse;
const options = { course, target: 0.05, falseRollback: 0.01 };

function past(history: History): readonly PastRollout[] {
  return rolloutsOf(history, course, { seed: 1 }).rollouts;
}

const oneArm = past(historyOf({ seed: 1, rollouts: 80, errors: [0.0004], requestsPerBlock: 600 }));

describe('one rollout', () => {
  const bad = past(historyOf({ seed: 2, rollouts: 1, errors: [0.05], requestsPerBlock: 600 }))[0];

  test('a split is judged by its limits on the whole and compared on the part', () => {
    if (bad === undefined) throw new Error('one rollout was made');
    const judged = judgeRollout(planOf(errorRate), 'bet', bad, course);
    expect(judged).toMatchObject({ by: 'limits', rolledBackAtMs: start + 2 * blockMs });
    // A limit that allows it: a split of one arm is no worse than the rest.
    expect(judgeRollout(planOf(withLimit(errorRate, 0.2)), 'bet', bad, course).rolledBackAtMs).toBeNull();
  });

  test('a recorded canary that is worse than stable is found by the comparison alone', () => {
    const blocks = Array.from({ length: 12 }, (_, index) => ({
      atMs: start + (index + 1) * blockMs,
      durationMs: blockMs,
      canary: { requests: 100, errors: 10 },
      stable: { requests: 900, errors: 0 },
    }));
    const rollout: PastRollout = { startMs: start, file: 'x.jsonl', arms: { kind: 'recorded', blocks } };
    const loose = planOf(withLimit(errorRate, 0.5));
    expect(judgeRollout(loose, 'bet', rollout, course).rolledBackAtMs).toBe(start + 4 * blockMs);
    expect(judgeRollout(loose, 'threshold', rollout, course).rolledBackAtMs).toBeNull();
    expect(judgeRollout(planOf(errorRate), 'threshold', rollout, course)).toEqual({
      rolledBackAtMs: start + 2 * blockMs,
      by: null,
      canaryRequests: 200,
      canaryErrors: 20,
    });
  });

  test('evidence goes on where the judge would have ended, and a quiet rollout has none', () => {
    if (bad === undefined) throw new Error('one rollout was made');
    expect(peakLogEvidence(planOf(errorRate), bad, course)).toBeGreaterThan(15);
    const quiet = past(historyOf({ seed: 2, rollouts: 1, errors: [0], requestsPerBlock: 600 }))[0];
    expect(quiet && peakLogEvidence(planOf(errorRate), quiet, course)).toBe(0);
  });
});

test('another seed gives other arms to the same stretches', () => {
  const history = historyOf({ seed: 1, rollouts: 8, errors: [0, 0, 0, 0], requestsPerBlock: 400 });
  const chosen = (seed: number): readonly unknown[] =>
    rolloutsOf(history, course, { seed }).rollouts.map(({ arms }) =>
      arms.kind === 'pods' ? Object.keys(arms.blocks[0]?.canary?.pods ?? {}) : null,
    );
  expect(chosen(1)).toEqual(chosen(1));
  expect(chosen(1)).not.toEqual(chosen(2));
});

test('halves share no rollout and are all of them', () => {
  const [odd, even] = [halfOf(oneArm, 'odd'), halfOf(oneArm, 'even')];
  expect([odd.length, even.length]).toEqual([40, 40]);
  expect([...odd, ...even].map(({ startMs }) => startMs).toSorted((a, b) => a - b)).toEqual(
    oneArm.map(({ startMs }) => startMs),
  );
});

describe('limits', () => {
  test('the smallest that no rollout breaks', () => {
    expect(proposeLimit(planOf(errorRate), errorRate, oneArm, options)).toMatchInlineSnapshot(`
      {
        "check": "error-rate",
        "current": 0.001,
        "kind": "found",
        "latency": null,
        "limit": 0.0005,
        "requests": 2041,
        "rolledBack": {
          "count": 0,
          "high": 0.036754197779982276,
          "low": 0,
          "of": 80,
        },
        "smallestFound": 0.00569963834556989,
        "usual": 0.0004008968983422653,
      }
    `);
  });

  test('a smaller one is broken', () => {
    const tight = planOf({ ...withLimit(errorRate, 0.0002), compare: false });
    expect(
      oneArm.some((rollout) => judgeRollout(tight, 'bet', rollout, course).rolledBackAtMs !== null),
    ).toBe(true);
  });

  test('of too few rollouts nothing is proposed', () => {
    expect(proposeLimit(planOf(errorRate), errorRate, oneArm, { ...options, target: 0.01 })).toMatchObject({
      kind: 'tooFew',
      limit: 0.0005,
    });
  });

  test('a latency limit keeps its seconds, and is counted at the next bound', () => {
    const slow = past(historyOf({ seed: 3, rollouts: 60, errors: [0], requestsPerBlock: 600, slow: 0.03 }));
    expect(proposeLimit(planOf(latency), latency, slow, options)).toMatchObject({
      kind: 'found',
      current: 0.05,
      limit: 0.05,
      latency: { limit: 2, countedAt: 2.5, below: 1 },
    });
    expect(withLimit(latency, 0.1)).toMatchObject({ measure: { quantile: 0.9 }, limit: { max: 2 } });
  });

  test('no histogram, no proposal; errors beyond every limit neither', () => {
    expect(proposeLimit(planOf(latency), latency, oneArm, options)).toMatchObject({ kind: 'noData' });
    const broken = past(historyOf({ seed: 3, rollouts: 60, errors: [0.8], requestsPerBlock: 600 }));
    expect(proposeLimit(planOf(errorRate), errorRate, broken, options)).toMatchObject({ kind: 'none' });
  });

  test('a floor of successes is the same limit seen from the other side', () => {
    const successes = { ...errorRate, measure: { kind: 'successShare' }, limit: { min: 99.9 } } as const;
    const proposal = proposeLimit(planOf(successes), successes, oneArm, options);
    expect(proposal).toMatchObject({ kind: 'found', current: 0.001, limit: 0.0005 });
    expect(withLimit(successes, 0.0005).limit).toEqual({ min: 99.95 });
  });
});

describe('margin', () => {
  const marginOf = (errors: readonly number[]): object =>
    proposeMargin(
      planOf(errorRate),
      past(historyOf({ seed: 4, rollouts: 80, errors, requestsPerBlock: 3000 })),
      options,
    );

  test('pods that are alike need none, pods that differ need more', () => {
    expect(marginOf([0.01, 0.01, 0.01, 0.01])).toMatchObject({ kind: 'found', margin: 1 });
    expect(marginOf([0.01, 0.01, 0.01, 0.05])).toMatchObject({ kind: 'found', margin: 2 });
    expect(marginOf([0.01, 0.01, 0.01, 0.2])).toMatchObject({ kind: 'none', margin: null });
  });

  test('what the judge would excuse, since it sees stable pods differ, is what is asked for', () => {
    const pods = [0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.2, 0.2, 0.2];
    expect(marginOf(pods)).toMatchObject({ kind: 'found', margin: 2 });
  });

  test('where nothing can be said, nothing is', () => {
    expect(proposeMargin(planOf(errorRate), oneArm, options)).toMatchObject({ kind: 'oneArm' });
    expect(marginOf([0, 0, 0])).toMatchObject({ kind: 'noErrors' });
    expect(proposeMargin(planOf(latency), oneArm, options)).toMatchObject({ kind: 'notCompared' });
    const few = past(historyOf({ seed: 4, rollouts: 5, errors: [0.01, 0.01], requestsPerBlock: 3000 }));
    expect(proposeMargin(planOf(errorRate), few, options)).toMatchObject({ kind: 'tooFew', margin: 1 });
  });
});

test('a tuning is found on the odd rollouts and reported on the even ones', () => {
  const bursts = past(
    historyOf({ seed: 6, rollouts: 240, errors: [0.0005, 0.0005, 0.0005], requestsPerBlock: 600, burst: 30 }),
  );
  const tuning = tune(planOf(errorRate), bursts, [], { course, target: 0.05 });
  expect(tuning.tunedOn).toBe(120);
  expect(tuning.after.healthy).toBe(120);
  expect({
    limits: tuning.limits.map(({ kind, limit }) => [kind, limit]),
    margin: tuning.margin.margin,
    level: tuning.level.kind === 'level' && tuning.level.rank,
    after: tuning.after.judges[0]?.rolledBack.count,
  }).toMatchInlineSnapshot(`
    {
      "after": 0,
      "level": 1,
      "limits": [
        [
          "found",
          0.0005,
        ],
      ],
      "margin": 1,
    }
  `);
});

test('a backtest counts what each judge would have done, and when it would have caught the bad one', () => {
  const bad = past(historyOf({ seed: 9, rollouts: 1, errors: [0.02], requestsPerBlock: 600 })).map(
    (rollout) => ({
      ...rollout,
      file: 'v3.bad.jsonl',
    }),
  );
  const report = backtest(planOf(errorRate), oneArm, bad, { course });
  const { judges, week, needed, target } = report;
  expect({
    judges: judges.map(({ judge, rolledBack: { count, of }, byLimits }) => [judge, count, of, byLimits]),
    bad: report.bad[0]?.caught.map(({ judge, afterMs }) => [judge, afterMs]),
    week,
    needed,
    target,
  }).toMatchInlineSnapshot(`
    {
      "bad": [
        [
          "bet",
          45000,
        ],
        [
          "threshold",
          30000,
        ],
        [
          "argo",
          null,
        ],
        [
          "kayenta",
          180000,
        ],
        [
          "likelihood",
          30000,
        ],
      ],
      "judges": [
        [
          "bet",
          0,
          80,
          0,
        ],
        [
          "threshold",
          30,
          80,
          0,
        ],
        [
          "argo",
          0,
          80,
          0,
        ],
        [
          "kayenta",
          5,
          80,
          0,
        ],
        [
          "likelihood",
          0,
          80,
          0,
        ],
      ],
      "needed": 299,
      "target": 0.01,
      "week": {
        "days": 0,
        "kind": "tooShort",
      },
    }
  `);
});
