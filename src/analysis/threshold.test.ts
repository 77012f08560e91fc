import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ArmCounts, Block } from './block.ts';
import type { CheckPlan, JudgeInput, JudgePlan, Verdict } from './judge.ts';
import { judgeOf } from './judges.ts';
import { maxSlots } from './slots.ts';
import { threshold, type ThresholdState } from './threshold.ts';

const errorShare: CheckPlan = {
  name: 'error-rate',
  measure: { kind: 'errorShare' },
  limit: { max: 1 },
  shownUnit: '%',
  shownScale: 1,
  windowMs: 60_000,
  minRequests: 0,
};
const p95: CheckPlan = {
  ...errorShare,
  name: 'p95',
  measure: { kind: 'latencyQuantile', quantile: 0.95 },
  limit: { max: 2 },
  shownUnit: 's',
};
const gauge: CheckPlan = {
  ...errorShare,
  name: 'queue',
  measure: { kind: 'sample' },
  limit: { max: 10 },
  shownUnit: '',
};

const plan: JudgePlan = {
  judge: 'threshold',
  intervalMs: 60_000,
  failureThreshold: 2,
  failAt: 'atOnce',
  onNoData: 'wait',
  checks: [errorShare],
};
const flagger: JudgePlan = { ...plan, failAt: 'nextTick', onNoData: 'fail' };

function input(given: Partial<JudgeInput>): JudgeInput {
  const atMs = given.nowMs ?? given.blocks?.at(-1)?.atMs ?? 0;
  return { blocks: [], samples: [], signals: [], providerError: null, nowMs: atMs, ...given };
}

function minute(n: number, canary: ArmCounts | null, stable: ArmCounts | null = null): Block {
  return { atMs: n * 60_000, durationMs: 60_000, ...(canary && { canary }), ...(stable && { stable }) };
}

const good: ArmCounts = { requests: 1000, errors: 10 };
const bad: ArmCounts = { requests: 1000, errors: 11 };
const idle: ArmCounts = { requests: 0, errors: 0 };

/** One block a minute, one call each; the verdicts after each. */
function runMinutes(
  of: JudgePlan,
  arms: readonly (ArmCounts | null)[],
  more: (n: number) => Partial<JudgeInput> = () => ({}),
): Verdict[] {
  let state = threshold.start(of);
  return arms.map((canary, index) => {
    const next = threshold.judge(
      of,
      state,
      input({ blocks: [minute(index + 1, canary)], ...more(index + 1) }),
    );
    state = JSON.parse(JSON.stringify(next.state));
    return next.verdict;
  });
}

const kinds = (verdicts: readonly Verdict[]): string[] => verdicts.map((verdict) => verdict.kind);

describe('counting', () => {
  test('a limit is inclusive and a failed evaluation is never taken back by good ones', () => {
    const verdicts = runMinutes(plan, [good, bad, good, good, bad, good]);
    expect(kinds(verdicts)).toEqual(['pass', 'notEnoughData', 'pass', 'pass', 'fail', 'fail']);
    expect(verdicts.map((verdict) => verdict.failedChecks)).toEqual([0, 1, 1, 1, 2, 2]);
  });

  test("in Flagger's order the evaluation that reaches the threshold does not fail the run, the next tick does", () => {
    const verdicts = runMinutes(flagger, [bad, bad, good]);
    expect(kinds(verdicts)).toEqual(['notEnoughData', 'notEnoughData', 'fail']);
    expect(verdicts.map((verdict) => verdict.evaluationsInStep)).toEqual([1, 2, 2]);
    expect(verdicts[2]?.checks[0]?.kind).toBe('fail');
  });

  test('a new step starts windows and step counts anew and keeps the counts of the run', () => {
    let { state } = threshold.judge(plan, threshold.start(plan), input({ blocks: [minute(1, bad)] }));
    state = threshold.startStep(plan, state);
    const { verdict } = threshold.judge(
      plan,
      state,
      input({ blocks: [{ ...minute(2, good), durationMs: 30_000 }] }),
    );
    expect(verdict).toMatchObject({
      kind: 'notEnoughData',
      atMs: null,
      evaluationsInStep: 0,
      judgedMs: 30_000,
      failedChecks: 1,
      requestsInStep: 1000,
      firstFailureAtMs: 60_000,
      checks: [],
    });
  });

  test('the first failure ends the evaluation: signals first, then metrics in the order of the plan', () => {
    const both: JudgePlan = { ...plan, checks: [errorShare, gauge], failureThreshold: 9 };
    const samples = (n: number) => ({ samples: [{ check: 'queue', atMs: n * 60_000, value: 11 }] });
    expect(runMinutes(both, [bad], samples)[0]?.checks.map((check) => check.name)).toEqual(['error-rate']);
    expect(runMinutes(both, [good], samples)[0]?.checks.map((check) => check.name)).toEqual([
      'error-rate',
      'queue',
    ]);
    const signalled = runMinutes(both, [bad, good], (n) => ({
      ...samples(n),
      signals:
        n === 1
          ? [
              { name: 'smoke', atMs: 1, passed: true, message: '' },
              { name: 'load', atMs: 2, passed: false, message: 'answered 500' },
            ]
          : [],
    }));
    expect(signalled[0]?.checks).toMatchObject([{ name: 'load', kind: 'fail', message: 'answered 500' }]);
    expect(signalled.map((verdict) => verdict.failedChecks)).toEqual([1, 2]);
  });

  test('a signal that failed between two evaluations fails the next one, once', () => {
    const half = (n: number): Block => ({ atMs: n * 30_000, durationMs: 30_000, canary: good });
    let state = threshold.start(plan);
    const verdicts: Verdict[] = [];
    for (const n of [1, 2, 3, 4]) {
      const signals = n === 1 ? [{ name: 'load', atMs: 1, passed: false, message: 'no' }] : [];
      const next = threshold.judge(plan, state, input({ blocks: [half(n)], signals }));
      state = next.state;
      verdicts.push(next.verdict);
    }
    expect(verdicts.map((verdict) => verdict.failedChecks)).toEqual([0, 1, 1, 1]);
    expect(kinds(verdicts)).toEqual(['notEnoughData', 'notEnoughData', 'notEnoughData', 'pass']);
  });
});

describe('without data', () => {
  test.each([
    ['wait', ['noData', 'noData', 'noData'], [0, 0, 0]],
    ['fail', ['noData', 'fail', 'fail'], [1, 2, 2]],
    ['rollback', ['fail', 'fail', 'fail'], [1, 1, 1]],
  ] as const)('onNoData %s', (onNoData, expected, failed) => {
    for (const canary of [idle, null]) {
      const verdicts = runMinutes({ ...plan, onNoData }, [canary, canary, canary]);
      expect(kinds(verdicts)).toEqual(expected);
      expect(verdicts.map((verdict) => verdict.failedChecks)).toEqual(failed);
    }
  });

  test('too few requests are neither a pass nor a failure, whatever they show', () => {
    const verdicts = runMinutes({ ...plan, checks: [{ ...errorShare, minRequests: 50 }] }, [
      { requests: 49, errors: 49 },
      { requests: 50, errors: 0 },
    ]);
    expect(kinds(verdicts)).toEqual(['notEnoughData', 'pass']);
    expect(verdicts[0]?.failedChecks).toBe(0);
    expect(verdicts[0]?.checks[0]?.message).toBe('49 canary requests in the last 1m, 50 needed');
  });

  test('NaN, null and readings of an earlier interval are no data', () => {
    const only: JudgePlan = { ...plan, checks: [gauge], failureThreshold: 9 };
    const values: readonly (number | null)[] = [10, Number.NaN, null, 3, 10.0001];
    const verdicts = runMinutes(only, [null, null, null, null, null, null], (n) => {
      const value = values[n - 1];
      return { samples: value === undefined ? [] : [{ check: 'queue', atMs: n * 60_000, value }] };
    });
    expect(kinds(verdicts)).toEqual(['pass', 'noData', 'noData', 'pass', 'notEnoughData', 'noData']);
    expect(verdicts[4]?.checks[0]?.message).toBe('10.0001, allowed at most 10');
    const [infinite] = runMinutes(only, [null], () => ({
      samples: [{ check: 'queue', atMs: 60_000, value: Number.POSITIVE_INFINITY }],
    }));
    expect(infinite?.failedChecks).toBe(1);
    expect(infinite?.checks[0]?.message).toBe('Infinity, allowed at most 10');
  });

  test('a query that cannot be asked is a provider error of that check alone; another reading of the interval counts', () => {
    const both: JudgePlan = { ...plan, checks: [errorShare, gauge], failureThreshold: 9 };
    const failedQuery = { check: 'queue', atMs: 60_000, value: null, error: 'connection refused' };
    const [alone] = runMinutes(both, [good], () => ({ samples: [failedQuery] }));
    expect(alone?.kind).toBe('providerError');
    expect(alone?.checks.map((check) => [check.kind, check.message])).toEqual([
      ['pass', '1 %, allowed at most 1 %; 10 of 1000 requests failed'],
      ['providerError', 'connection refused'],
    ]);
    const [covered] = runMinutes(both, [good], () => ({
      samples: [{ check: 'queue', atMs: 59_000, value: 1 }, failedQuery],
    }));
    expect(covered?.kind).toBe('pass');
  });

  test('a block read together with an error of the source never passes', () => {
    expect(kinds(runMinutes(plan, [good], () => ({ providerError: 'one of two sources failed' })))).toEqual([
      'providerError',
    ]);
  });

  test('a source that fails for an interval is an evaluation, timed by the clock', () => {
    const verdicts = (of: JudgePlan): string[] => {
      let state = threshold.start(of);
      const seen: string[] = [];
      for (let second = 0; second <= 180; second += 5) {
        const next = threshold.judge(of, state, input({ providerError: 'refused', nowMs: second * 1000 }));
        state = next.state;
        if (second % 60 === 0) seen.push(`${next.verdict.kind} ${next.verdict.failedChecks}`);
      }
      return seen;
    };
    expect(verdicts(plan)).toEqual([
      'notEnoughData 0',
      'providerError 0',
      'providerError 0',
      'providerError 0',
    ]);
    expect(verdicts(flagger)).toEqual(['notEnoughData 0', 'providerError 1', 'providerError 2', 'fail 2']);
    expect(verdicts({ ...plan, onNoData: 'rollback' })).toEqual([
      'notEnoughData 0',
      'fail 1',
      'fail 1',
      'fail 1',
    ]);
  });

  test('an outage of Sluice itself is no silence of the source', () => {
    const of: JudgePlan = { ...plan, onNoData: 'rollback' };
    const { state } = threshold.judge(of, threshold.start(of), input({ nowMs: 0 }));
    expect(threshold.judge(of, state, input({ nowMs: 86_400_000 })).verdict.kind).toBe('notEnoughData');
  });
});

describe('what a verdict says', () => {
  const latency = (cumulative: readonly number[]) =>
    ({ unit: 's', bounds: [0.5, 1, 2], cumulative }) as const;

  test('counts, both arms, limit and onset', () => {
    const of: JudgePlan = { ...plan, checks: [p95, errorShare] };
    const canary = { requests: 1000, errors: 11, latency: latency([500, 900, 960]) };
    const stable = { requests: 9000, errors: 3, latency: latency([9000, 9000, 9000]) };
    const { verdict } = threshold.judge(
      of,
      threshold.start(of),
      input({ blocks: [minute(1, canary, stable)] }),
    );
    expect(verdict.firstFailureAtMs).toBe(60_000);
    expect(verdict.checks.map((check) => check.message)).toMatchInlineSnapshot(`
      [
        "1.83 s, allowed at most 2 s; 1000 requests; stable 0.475 s",
        "1.1 %, allowed at most 1 %; 11 of 1000 requests failed; stable 0.033 %",
      ]
    `);
  });

  test('requests slower than the highest bound break a limit at that bound', () => {
    const of: JudgePlan = { ...plan, checks: [p95], failureThreshold: 1 };
    const slow = { requests: 100, errors: 0, latency: latency([0, 0, 90]) };
    expect(runMinutes(of, [slow])[0]).toMatchObject({
      kind: 'fail',
      checks: [{ message: 'above 2 s, allowed at most 2 s; 100 requests' }],
    });
    expect(runMinutes(of, [{ ...slow, latency: latency([0, 0, 95]) }])[0]?.kind).toBe('pass');
  });

  test('requests of a block whose histogram was dropped do not count as slow', () => {
    const of: JudgePlan = { ...plan, checks: [{ ...p95, windowMs: 120_000 }] };
    const verdicts = runMinutes(of, [
      { requests: 100, errors: 0, latency: latency([100, 100, 100]) },
      { requests: 900, errors: 0 },
    ]);
    expect(kinds(verdicts)).toEqual(['pass', 'pass']);
  });
});

const arms = fc.record({ requests: fc.integer({ min: 0, max: 40 }), errors: fc.integer({ min: 0, max: 3 }) });
const minutes = fc.array(fc.option(arms, { nil: null }), { minLength: 1, maxLength: 12 });
const anyPlan = fc.record({
  judge: fc.constant('threshold' as const),
  intervalMs: fc.constant(60_000),
  failureThreshold: fc.integer({ min: 0, max: 4 }),
  failAt: fc.constantFrom('nextTick' as const, 'atOnce' as const),
  onNoData: fc.constantFrom('wait' as const, 'fail' as const, 'rollback' as const),
  checks: fc
    .tuple(fc.constantFrom(60_000, 90_000, 180_000, 37_000), fc.integer({ min: 0, max: 30 }))
    .map(([windowMs, minRequests]) => [
      { ...errorShare, windowMs, minRequests },
      { ...errorShare, name: 'success', measure: { kind: 'successShare' as const }, limit: { min: 90 } },
    ]),
});

/** Splits a minute's block into `parts` that add up to it. */
function split(block: Block, parts: number): Block[] {
  const share = (count: number, part: number): number =>
    Math.floor((count * (part + 1)) / parts) - Math.floor((count * part) / parts);
  return Array.from({ length: parts }, (_, part) => ({
    atMs: block.atMs - block.durationMs + Math.floor((block.durationMs * (part + 1)) / parts),
    durationMs: share(block.durationMs, part),
    ...(block.canary && {
      canary: { requests: share(block.canary.requests, part), errors: share(block.canary.errors, part) },
    }),
  }));
}

describe('properties', () => {
  test('how blocks are cut changes no verdict at an evaluation', () => {
    const exact = anyPlan.filter(
      (of) => of.checks[0]?.windowMs !== 37_000 && of.checks[0]?.windowMs !== 90_000,
    );
    fc.assert(
      fc.property(
        exact,
        minutes,
        fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 12, maxLength: 12 }),
        (of, canaries, cuts) => {
          let whole = threshold.start(of);
          let cut = threshold.start(of);
          for (const [index, canary] of canaries.entries()) {
            const block = minute(index + 1, canary);
            const a = threshold.judge(of, whole, input({ blocks: [block] }));
            const b = threshold.judge(of, cut, input({ blocks: split(block, cuts[index] ?? 1) }));
            [whole, cut] = [a.state, b.state];
            expect({ ...b.verdict, firstFailureAtMs: null }).toEqual({
              ...a.verdict,
              firstFailureAtMs: null,
            });
            expect(b.verdict.firstFailureAtMs === null).toBe(a.verdict.firstFailureAtMs === null);
          }
        },
      ),
    );
  });

  test('a run stored and read back at any point goes on to the same verdict, in a small state', () => {
    fc.assert(
      fc.property(anyPlan, minutes, (of, canaries) => {
        let kept = threshold.start(of);
        let stored = JSON.stringify(kept);
        for (const [index, canary] of canaries.entries()) {
          const given = input({ blocks: split(minute(index + 1, canary), 90) });
          const a = threshold.judge(of, kept, given);
          const b = judgeOf('threshold').judge(of, JSON.parse(stored) as ThresholdState, given);
          expect(b.verdict).toEqual(a.verdict);
          kept = a.state;
          stored = JSON.stringify(b.state);
          expect(kept.slots.length).toBeLessThanOrEqual(maxSlots);
          expect(stored.length).toBeLessThan(12_000);
        }
      }),
    );
  });

  test('no pass without data within the limits; the failed count never falls; fail stays; suspect never comes', () => {
    fc.assert(
      fc.property(
        anyPlan,
        minutes,
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        (of, canaries, newSteps) => {
          let state = threshold.start(of);
          let before: Verdict | null = null;
          for (const [index, canary] of canaries.entries()) {
            if (newSteps[index]) state = threshold.startStep(of, state);
            const { state: next, verdict } = threshold.judge(
              of,
              state,
              input({ blocks: [minute(index + 1, canary)] }),
            );
            state = next;
            expect(verdict.kind).not.toBe('suspect');
            expect(verdict.failedChecks).toBeGreaterThanOrEqual(before?.failedChecks ?? 0);
            if (before?.kind === 'fail') expect(verdict.kind).toBe('fail');
            if (verdict.kind === 'pass') {
              expect(verdict.checks).toHaveLength(of.checks.length);
              for (const check of verdict.checks) {
                expect(check.requests).toBeGreaterThanOrEqual(
                  Math.max(0, of.checks.find((one) => one.name === check.name)?.minRequests ?? 0),
                );
                expect(check.value).not.toBeNull();
              }
            }
            before = verdict;
          }
        },
      ),
    );
  });
});
