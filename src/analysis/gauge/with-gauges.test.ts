import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Block, Sample } from '../block.ts';
import type { CheckPlan, JudgeInput, JudgeName, JudgePlan, JudgeState, Verdict } from '../judge.ts';
import { judgeOf } from '../judges.ts';
import { withJudge } from '../with-judge.ts';
import { mostUnits } from './unit-means.ts';

const memory: CheckPlan = {
  name: 'memory',
  measure: { kind: 'gauge' },
  limit: {},
  shownUnit: 'MB',
  shownScale: 1e-6,
  windowMs: 60_000,
  minRequests: 0,
};
const critical: CheckPlan = { ...memory, gauge: { critical: true } };
const errorRate: CheckPlan = {
  name: 'error-rate',
  measure: { kind: 'errorShare' },
  limit: { max: 1 },
  shownUnit: '%',
  shownScale: 1,
  windowMs: 60_000,
  minRequests: 0,
};
const plan: JudgePlan = {
  judge: 'bet',
  intervalMs: 5_000,
  failureThreshold: 2,
  failAt: 'atOnce',
  onNoData: 'fail',
  checks: [errorRate, memory],
};
const withMemory = (check: CheckPlan): JudgePlan => ({ ...plan, checks: [errorRate, check] });
const alike = [100, 101, 99, 102, 98, 103, 97, 104, 96];

interface Pods {
  readonly canary: readonly number[];
  readonly stable: readonly number[];
}

/** Readings in MB, one a pod. */
function readings({ canary, stable }: Pods, atMs: number): Sample[] {
  const of = (arm: 'canary' | 'stable', values: readonly number[]): Sample[] =>
    values.map((value, index) => ({
      check: 'memory',
      atMs,
      value: value * 1e6,
      arm,
      unit: `${arm}-${index}`,
    }));
  return [...of('canary', canary), ...of('stable', stable)];
}

function run(of: JudgePlan, pods: Pods, errors = 0, more: Partial<JudgeInput> = {}) {
  const judge = judgeOf(of.judge);
  let state: JudgeState = judge.start(of);
  let verdict: Verdict | null = null;
  for (let index = 1; index <= 25; index += 1) {
    const atMs = index * 60_000;
    const block: Block = {
      atMs,
      durationMs: 60_000,
      canary: { requests: 1_000, errors },
      stable: { requests: 9_000, errors: 0 },
    };
    const input = { blocks: [block], samples: readings(pods, atMs), signals: [], providerError: null };
    ({ state, verdict } = judge.judge(of, state, { ...input, nowMs: atMs, ...more }));
    state = JSON.parse(JSON.stringify(state));
  }
  const check = verdict?.checks.find(({ name }) => name === 'memory');
  return { state, kind: verdict?.kind, names: verdict?.checks.map(({ name }) => name), check };
}

const judges: readonly JudgeName[] = ['threshold', 'bet', 'likelihood', 'argo', 'kayenta'];

describe('under every judge', () => {
  test.for(judges)('%s: it warns and decides nothing', (name) => {
    const of = withJudge(plan, name);
    const without = run(withJudge({ ...plan, checks: [errorRate] }, name), { canary: [], stable: [] });
    const worse = run(of, { canary: [131, 133, 135], stable: alike });
    expect(worse.kind).toBe(without.kind);
    expect(worse.check).toMatchObject({ kind: 'pass', value: 133e6, stableValue: 100e6, requests: 3 });
    expect(worse.check?.warning).toBe(
      "3 canary and 9 stable pods: a canary pod is the higher one in 100 % of pairs, 33 % above stable's median; by chance 0.45 %",
    );
    expect(worse.names).toEqual(['error-rate', 'memory']);
    const silent = run(of, { canary: [], stable: [] });
    expect(silent.kind).toBe(without.kind);
    expect(silent.check).toMatchObject({
      kind: 'notEnoughData',
      value: null,
      message: 'no canary pod was read in the last 1m',
    });
  });

  test.for(judges)('%s: a critical one holds, and does not fail', (name) => {
    const of = withJudge(withMemory(critical), name);
    expect(run(of, { canary: [131, 133, 135], stable: alike })).toMatchObject({
      kind: 'suspect',
      check: { kind: 'suspect' },
    });
    // A failed release stays failed.
    expect(run(of, { canary: [131, 133, 135], stable: alike }, 900).kind).toBe('fail');
  });
});

describe('what is worse', () => {
  const messages = (check: CheckPlan, pods: Pods) => {
    const { kind, check: verdict } = run(withMemory(check), pods);
    return [kind, verdict?.message, verdict?.warning ?? null];
  };

  test('significance and size, both', () => {
    expect(messages(critical, { canary: [105, 106, 107], stable: alike })).toMatchInlineSnapshot(`
      [
        "pass",
        "106 MB a pod; stable 100 MB; 3 canary and 9 stable pods: a canary pod is the higher one in 100 % of pairs, 6 % above stable's median; by chance 0.45 %",
        null,
      ]
    `);
    expect(messages(critical, { canary: [95, 100, 105], stable: alike })).toMatchInlineSnapshot(`
      [
        "pass",
        "100 MB a pod; stable 100 MB; 3 canary and 9 stable pods: a canary pod is the higher one in 50 % of pairs, 0 % above stable's median; by chance 54 %",
        null,
      ]
    `);
  });

  test('too few pods cannot show it, and where it looks large that is told', () => {
    expect(messages(critical, { canary: [140], stable: alike })).toMatchInlineSnapshot(`
      [
        "pass",
        "140 MB a pod; stable 100 MB; 1 canary and 9 stable pods: this comparison cannot reach 1 %, at best 10 %",
        "the canary looks higher by 40 %; 1 canary and 9 stable pods: this comparison cannot reach 1 %, at best 10 %",
      ]
    `);
    expect(messages(critical, { canary: [100.5], stable: alike })).toMatchInlineSnapshot(`
      [
        "pass",
        "100.5 MB a pod; stable 100 MB; 1 canary and 9 stable pods: this comparison cannot reach 1 %, at best 10 %",
        null,
      ]
    `);
    expect(messages(critical, { canary: [140], stable: [] })).toMatchInlineSnapshot(`
      [
        "pass",
        "140 MB a pod; no stable pod was read",
        null,
      ]
    `);
  });

  test('lower is worse where the limit has only a least value', () => {
    const free = { ...critical, limit: { min: 10e6 } };
    expect(messages(free, { canary: [61, 62, 63], stable: alike })).toMatchInlineSnapshot(`
      [
        "suspect",
        "62 MB a pod, allowed at least 10 MB; stable 100 MB; 3 canary and 9 stable pods: a canary pod is the lower one in 100 % of pairs, 38 % below stable's median; by chance 0.45 %",
        "3 canary and 9 stable pods: a canary pod is the lower one in 100 % of pairs, 38 % below stable's median; by chance 0.45 %",
      ]
    `);
    expect(messages(free, { canary: [161, 162, 163], stable: alike })[0]).toBe('pass');
  });

  test('its own limit, while stable keeps it', () => {
    const limited = { ...critical, limit: { max: 120e6 } };
    expect(messages(limited, { canary: [140], stable: [100] })).toMatchInlineSnapshot(`
      [
        "suspect",
        "140 MB a pod, allowed at most 120 MB; stable 100 MB; 1 canary and 1 stable pods: this comparison cannot reach 1 %, at best 50 %",
        "a canary pod is at 140 MB, allowed at most 120 MB; the canary looks higher by 40 %; 1 canary and 1 stable pods: this comparison cannot reach 1 %, at best 50 %",
      ]
    `);
    expect(messages(limited, { canary: [140], stable: [130] })[0]).toBe('pass');
    expect(messages({ ...limited, compare: false }, { canary: [110], stable: [50] })).toMatchInlineSnapshot(`
      [
        "pass",
        "110 MB a pod, allowed at most 120 MB; stable 50 MB",
        null,
      ]
    `);
  });
});

describe('state', () => {
  test('the mean of about a window, of a pod however often it is read; the step begins anew', () => {
    const judge = judgeOf('bet');
    let state = judge.start(plan);
    let verdict: Verdict | null = null;
    const take = (atMs: number, value: number | null, unit = 'a'): number | null => {
      const samples = [{ check: 'memory', atMs, value, arm: 'canary', unit } as const];
      const input = { blocks: [], samples, signals: [], providerError: null, nowMs: atMs };
      ({ state, verdict } = judge.judge(plan, state, input));
      return verdict.checks.find(({ name }) => name === 'memory')?.value ?? null;
    };
    expect(take(0, 100)).toBe(100);
    expect(take(0, 900)).toBe(100);
    expect(take(1_000, null)).toBe(100);
    expect(take(1_000, Number.NaN)).toBe(100);
    for (let second = 2; second < 300; second += 1) take(second * 1_000, 200);
    expect(take(300_000, 200)).toBeCloseTo(200, 0);
    // One that is gone for a window is forgotten.
    expect(take(361_000, 50, 'b')).toBe(50);
    state = judge.startStep(plan, state);
    expect(take(362_000, 70, 'c')).toBe(70);
  });

  test('bounded, however many pods there are, and the dead make room', () => {
    const judge = judgeOf('bet');
    let state = judge.start(plan);
    const take = (atMs: number, prefix: string): Verdict => {
      const samples = Array.from(
        { length: 100 },
        (_, index) =>
          ({ check: 'memory', atMs, value: 1e8 / 3, arm: 'stable', unit: `${prefix}-${index}` }) as const,
      );
      const input = { blocks: [], samples, signals: [], providerError: null, nowMs: atMs };
      const next = judge.judge(plan, state, input);
      state = next.state;
      return next.verdict;
    };
    take(1_000, 'first');
    const size = JSON.stringify(state).length;
    take(2_000, 'second');
    take(200_000, 'third');
    expect(JSON.stringify(state).length).toBeLessThanOrEqual(size + 200);
    expect(JSON.stringify(state).match(/third-/g)?.length).toBe(mostUnits);
  });

  test('in a bake there is nothing to compare with', () => {
    const pods = { canary: [131, 133, 135], stable: alike };
    expect(run(withMemory(critical), pods, 0, { bake: true })).toMatchObject({
      kind: 'pass',
      check: { kind: 'notEnoughData' },
    });
  });

  test('replayed to the same verdict, however the readings are cut into calls', () => {
    const of = withMemory(critical);
    const judge = judgeOf('bet');
    const reading = fc.record({
      value: fc.oneof(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.constant(null)),
      arm: fc.constantFrom('canary' as const, 'stable' as const),
      unit: fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'),
    });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 40 }), fc.nat(40), (values, cut) => {
        const samples = values.map((value, index) => ({ check: 'memory', atMs: index * 1_000, ...value }));
        const judged = (state: JudgeState, part: readonly Sample[]) =>
          judge.judge(of, state, { blocks: [], samples: part, signals: [], providerError: null, nowMs: 0 });
        const whole = judged(judge.start(of), samples).verdict;
        const first = judged(judge.start(of), samples.slice(0, cut)).state;
        const then = judged(JSON.parse(JSON.stringify(first)), samples.slice(cut)).verdict;
        expect(JSON.parse(JSON.stringify(then))).toEqual(JSON.parse(JSON.stringify(whole)));
      }),
      { numRuns: 60 },
    );
  });
});

test('a plan without gauges is judged as it was', () => {
  const judge = judgeOf('bet');
  const of = { ...plan, checks: [errorRate] };
  expect('gauges' in judge.start(of)).toBe(false);
});
