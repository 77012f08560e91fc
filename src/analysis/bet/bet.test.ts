import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../test/statistics/random.ts';
import { blocksOf, type World } from '../../../test/statistics/world.ts';
import type { Block } from '../block.ts';
import type { CheckPlan, JudgeInput, JudgePlan, Verdict } from '../judge.ts';
import { bet, likelihood } from './bet.ts';
import type { BetState } from './bet-state.ts';

const errorRate: CheckPlan = {
  name: 'error-rate',
  measure: { kind: 'errorShare' },
  limit: { max: 0.1 },
  shownUnit: '%',
  shownScale: 1,
  windowMs: 60_000,
  minRequests: 20,
};
const successRate: CheckPlan = {
  ...errorRate,
  name: 'success-rate',
  measure: { kind: 'successShare' },
  limit: { min: 99.9 },
};
const p95: CheckPlan = {
  ...errorRate,
  name: 'p95',
  measure: { kind: 'latencyQuantile', quantile: 0.95 },
  limit: { max: 2 },
  shownUnit: 's',
};
const plan: JudgePlan = {
  judge: 'bet',
  intervalMs: 10_000,
  failureThreshold: 2,
  failAt: 'atOnce',
  onNoData: 'wait',
  checks: [errorRate],
};

const world: World = {
  rps: 100,
  blockSeconds: 5,
  blocks: 40,
  weights: [[0, 0.1]],
  canaryError: 0.0005,
  stableError: 0.0005,
  clusters: { kind: 'independent' },
  latency: { medianSeconds: 0.2, sigma: 0.8, canaryFactor: 1, bounds: [0.1, 0.25, 0.5, 1, 2, 2.5, 5] },
};

function input(blocks: readonly Block[], more: Partial<JudgeInput> = {}): JudgeInput {
  const nowMs = blocks.at(-1)?.atMs ?? 0;
  return { blocks, samples: [], signals: [], providerError: null, nowMs, ...more };
}

/** One call a block, the state through JSON each time; up to the first `fail`. */
function run(of: JudgePlan, blocks: Iterable<Block>, judge = bet): { state: BetState; verdicts: Verdict[] } {
  let state = judge.start(of);
  const verdicts: Verdict[] = [];
  for (const block of blocks) {
    const next = judge.judge(of, state, input([block]));
    state = JSON.parse(JSON.stringify(next.state));
    verdicts.push(next.verdict);
    if (next.verdict.kind === 'fail') break;
  }
  return { state, verdicts };
}

const worldBlocks = (change: Partial<World>, seed = 1): Block[] => [
  ...blocksOf({ ...world, ...change }, new Random(seed)),
];

/** Blocks of plain counts, 5 s each: canary requests and errors, stable requests and errors. */
function counts(...rows: readonly (readonly [number, number, number, number])[]): Block[] {
  return rows.map(([requests, errors, stableRequests, stableErrors], index) => ({
    atMs: (index + 1) * 5_000,
    durationMs: 5_000,
    canary: { requests, errors },
    stable: { requests: stableRequests, errors: stableErrors },
  }));
}

const repeat = <T>(item: T, times: number): T[] => Array.from({ length: times }, () => item);

describe('verdicts', () => {
  test('a good release passes, and says how much it could have seen', () => {
    const { verdicts } = run({ ...plan, checks: [errorRate, p95] }, worldBlocks({}));
    expect(verdicts.at(-1)?.kind).toBe('pass');
    expect(verdicts.at(-1)?.checks.map(({ message }) => message)).toMatchInlineSnapshot(`
      [
        "0 %, allowed at most 0.1 %; 0 of 2,023 failed, stable 10 of 18,124",
        "0.846 s, allowed at most 2 s; 6 of 2,023 took longer than 2 s, stable 35 of 18,124; stable 0.86 s",
      ]
    `);
    expect(verdicts.at(-1)?.checks[0]?.evidence?.smallestSeen).toBeCloseTo(0.0075, 3);
  });

  test('a bad release fails, with the onset, the counts since then and what they mean', () => {
    const { verdicts } = run(plan, worldBlocks({ canaryError: 0.05, onsetBlock: 20 }));
    const last = verdicts.at(-1);
    expect(last?.kind).toBe('fail');
    expect(verdicts.length).toBeLessThanOrEqual(25);
    expect(last?.evidence?.blame).toEqual(['error-rate']);
    expect(new Date(last?.evidence?.onsetAtMs ?? 0).toISOString()).toBe('2026-01-01T00:01:40.000Z');
    expect(last?.checks.map(({ message }) => message)).toMatchInlineSnapshot(`
      [
        "6.28 %, allowed at most 0.1 %; 14 of 223 failed, stable 1 of 1,841; a healthy release would look this bad in fewer than 1 of 1,400 rollouts",
      ]
    `);
  });

  test('one block is never enough, however bad it is', () => {
    const { verdicts } = run(plan, counts(...repeat([5_000, 5_000, 45_000, 0] as const, 3)));
    expect(verdicts.map(({ kind }) => kind)).toEqual(['suspect', 'fail']);
  });

  test('suspect from √u on, and free again when the evidence falls', () => {
    const good = repeat([50, 0, 450, 0] as const, 60);
    const { verdicts } = run(plan, counts([50, 6, 450, 0], ...good));
    const kinds = verdicts.map(({ kind }) => kind);
    expect(kinds[0]).toBe('suspect');
    expect(kinds.slice(-50)).toEqual(repeat('pass', 50));
    expect(verdicts.at(-1)?.evidence?.peakLogEvidence).toBeGreaterThan(Math.log(10));
  });

  test('environment: while stable breaks the limit too and the canary is not worse, nothing is rolled back', () => {
    const outage = run(plan, counts(...repeat([50, 10, 450, 90] as const, 30)));
    const last = outage.verdicts.at(-1);
    expect(last?.kind).toBe('suspect');
    expect(last?.evidence?.environment).toBe(true);
    expect(last?.checks[0]?.message).toContain('stable breaks the same limit');
    // Worse than stable even then: the comparison decides.
    expect(run(plan, counts(...repeat([50, 40, 450, 45] as const, 30))).verdicts.at(-1)?.kind).toBe('fail');
    // It ends with the outage of stable.
    const after = counts(...repeat([50, 10, 450, 90] as const, 10), ...repeat([50, 10, 450, 0] as const, 30));
    expect(run(plan, after).verdicts.at(-1)?.kind).toBe('fail');
  });

  test('the same question asked twice is one test', () => {
    const blocks = worldBlocks({ canaryError: 0.01 });
    const once = run(plan, blocks).verdicts.at(-1);
    const twice = run({ ...plan, checks: [errorRate, successRate] }, blocks).verdicts.at(-1);
    expect(twice?.evidence?.logEvidence).toBe(once?.evidence?.logEvidence);
    expect(twice?.evidence?.blame).toEqual(['error-rate', 'success-rate']);
  });

  test('a slower canary is found although every limit is kept', () => {
    const latency = {
      medianSeconds: 0.2,
      sigma: 0.8,
      canaryFactor: 2,
      bounds: [0.1, 0.25, 0.5, 1, 2, 2.5, 5],
    };
    const { verdicts } = run({ ...plan, checks: [p95] }, worldBlocks({ latency }));
    expect(verdicts.at(-1)?.kind).toBe('fail');
    expect(verdicts.at(-1)?.checks[0]?.message).toContain('most against it: how many take longer than');
    const alone = { ...plan, checks: [{ ...p95, compare: false }] };
    expect(run(alone, worldBlocks({ latency })).verdicts.at(-1)?.kind).toBe('pass');
    // Allowed to be four times slower, it is not at fault.
    const allowed = { ...plan, checks: [p95], bet: { slowdown: 4 } };
    expect(run(allowed, worldBlocks({ latency })).verdicts.at(-1)?.kind).toBe('pass');
  });

  test('a limit between two bounds is accused at the far one and not certified at the near one', () => {
    const bounds = [1, 2.5];
    const block = (cumulative: number[]): Block[] =>
      repeat(0, 10).map((_, index) => ({
        atMs: (index + 1) * 5_000,
        durationMs: 5_000,
        canary: { requests: 100, errors: 0, latency: { unit: 's', bounds, cumulative } },
      }));
    const of = { ...plan, checks: [p95] };
    const open = run(of, block([90, 99])).verdicts.at(-1);
    expect(open?.kind).toBe('notEnoughData');
    expect(open?.checks[0]?.message).toBe(
      'p95 may lie on either side of 2 s, which is no bound of the histogram: add a bound there',
    );
    expect(run(of, block([96, 99])).verdicts.at(-1)?.kind).toBe('pass');
    expect(run(of, block([50, 60])).verdicts.at(-1)?.kind).toBe('fail');
    const beyond = { ...plan, checks: [{ ...p95, limit: { max: 10 } }] };
    expect(run(beyond, block([100, 100])).verdicts.at(-1)?.kind).toBe('noData');
  });
});

describe('what is no statistics', () => {
  test('silence, idleness and signals', () => {
    const idle = run(plan, counts(...repeat([0, 0, 450, 0] as const, 4)));
    expect(idle.verdicts.at(-1)?.kind).toBe('noData');
    expect(
      run({ ...plan, onNoData: 'rollback' }, counts(...repeat([0, 0, 450, 0] as const, 4))).verdicts.at(-1)
        ?.kind,
    ).toBe('fail');
    let state = bet.start(plan);
    let verdict: Verdict | null = null;
    for (const nowMs of [0, 8_000, 16_000, 24_000])
      ({ state, verdict } = bet.judge(
        plan,
        state,
        input([], { nowMs, providerError: 'connection refused' }),
      ));
    expect(verdict?.kind).toBe('providerError');
    const refusal = { name: 'smoke', atMs: 10_000, passed: false, message: 'HTTP 500' };
    const signalled = bet.judge({ ...plan, failureThreshold: 1 }, bet.start(plan), {
      ...input(counts(...repeat([50, 0, 450, 0] as const, 2))),
      signals: [refusal],
    });
    expect(signalled.verdict.kind).toBe('fail');
    expect(signalled.verdict.checks.map(({ name }) => name)).toEqual(['error-rate', 'smoke']);
  });

  test('counts that cannot be are no evidence and no pass', () => {
    for (const bad of [-1, 0.5, Number.NaN, 1e300]) {
      const { verdicts } = run(plan, counts(...repeat([bad, 0, 450, 0] as const, 5)));
      expect(['providerError', 'noData']).toContain(verdicts.at(-1)?.kind);
    }
  });

  test('blocks that come twice or out of order say nothing', () => {
    const blocks = worldBlocks({ canaryError: 0.004 });
    const once = run(plan, blocks).state;
    const shuffled = blocks.flatMap((block, index) => [block, block, blocks[index - 1] ?? block]);
    expect(run(plan, shuffled).state.absolute).toEqual(once.absolute);
  });

  test('a limit of nothing is broken by one error; a limit of everything judges nothing', () => {
    const none = { ...plan, checks: [{ ...errorRate, limit: { max: 0 }, compare: false }] };
    expect(run(none, counts([50, 0, 450, 0], [50, 1, 450, 0])).verdicts.map(({ kind }) => kind)).toEqual([
      'notEnoughData',
      'fail',
    ]);
    const all = { ...plan, checks: [{ ...errorRate, limit: { max: 100 }, compare: false }] };
    expect(run(all, counts(...repeat([50, 50, 450, 0] as const, 5))).verdicts.at(-1)?.kind).toBe('noData');
  });
});

describe('the bake', () => {
  test('a detector of its own, with its own figure', () => {
    let state = run(plan, worldBlocks({})).state;
    const at = (index: number, errors: number): Block => ({
      atMs: 1_767_300_000_000 + index * 5_000,
      durationMs: 5_000,
      canary: { requests: 500, errors },
    });
    let verdict: Verdict | null = null;
    for (let index = 0; index < 200; index += 1)
      ({ state, verdict } = bet.judge(
        plan,
        state,
        input([at(index, index % 7 === 0 ? 1 : 0)], { bake: true }),
      ));
    expect(verdict?.kind).toBe('pass');
    expect(verdict?.evidence?.detector).toEqual({ averageRunLengthBlocks: 1_000_000 });
    for (let index = 200; index < 215; index += 1)
      ({ state, verdict } = bet.judge(plan, state, input([at(index, 25)], { bake: true })));
    expect(verdict?.kind).toBe('fail');
    expect(verdict?.checks[0]?.message).toContain('at most once in');
  });
});

describe('state', () => {
  const of = { ...plan, checks: [errorRate, p95] };

  test('small, plain, and replayed to the same verdict however the log is cut into restarts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 }),
        fc.nat(50),
        (cuts, seed) => {
          const blocks = worldBlocks({ canaryError: 0.004 }, seed);
          const whole = bet.judge(of, bet.start(of), input(blocks));
          let state = bet.start(of);
          let rest = blocks;
          for (const cut of [...cuts, blocks.length]) {
            const part = rest.slice(0, cut);
            rest = rest.slice(cut);
            if (part.length > 0) state = JSON.parse(JSON.stringify(bet.judge(of, state, input(part)).state));
          }
          const cutUp = bet.judge(of, state, input([], { nowMs: blocks.at(-1)?.atMs ?? 0 })).verdict;
          expect(JSON.parse(JSON.stringify(cutUp))).toEqual(JSON.parse(JSON.stringify(whole.verdict)));
        },
      ),
      { numRuns: 40 },
    );
    const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
    const latency = { medianSeconds: 0.2, sigma: 0.8, canaryFactor: 1, bounds };
    const { state } = run(of, worldBlocks({ blocks: 360, latency }));
    expect(JSON.stringify(state).length).toBeLessThan(1_000 + 60 * bounds.length);
  });
});

test('likelihood: a little quicker where requests are independent', () => {
  const of: JudgePlan = { ...plan, judge: 'likelihood' };
  const { verdicts } = run(of, worldBlocks({ canaryError: 0.05 }), likelihood);
  expect(verdicts.at(-1)?.kind).toBe('fail');
  expect(run(of, worldBlocks({}), likelihood).verdicts.at(-1)?.kind).toBe('pass');
});
