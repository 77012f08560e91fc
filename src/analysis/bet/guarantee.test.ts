import { describe, expect, test } from 'vitest';
import { Random } from '../../../test/statistics/random.ts';
import { blocksOf, plainBlocksOf, type World } from '../../../test/statistics/world.ts';
import type { Block } from '../block.ts';
import type { CheckPlan, JudgePlan } from '../judge.ts';
import { bet, likelihood } from './bet.ts';

/*
 * 2,000 rollouts of each world, and the 99.9 % points of the binomial law for them: 35 at 1 %, 131 at 5 %. So a true rate of just 1 %
 * fails about once in a thousand seeds, one of 2 % nearly always. One world has the 360 blocks of half an hour; 60 are enough for the
 * others, since the bound holds for any number of looks.
 */
const limit = 0.001;
const margin = 1.5;
const rollouts = 2_000;

const errorRate: CheckPlan = {
  name: 'error-rate',
  measure: { kind: 'errorShare' },
  limit: { max: limit * 100 },
  shownUnit: '%',
  shownScale: 1,
  windowMs: 60_000,
  minRequests: 0,
};
const plan: JudgePlan = {
  judge: 'bet',
  bet: { plannedBlocks: 60, plannedRequests: 50 },
  intervalMs: 10_000,
  failureThreshold: 2,
  failAt: 'atOnce',
  onNoData: 'wait',
  checks: [errorRate],
};

/** The worst release that is still fine: at the limit, and `margin` times as bad as stable. */
const boundary: World = {
  rps: 100,
  blockSeconds: 5,
  blocks: 60,
  weights: [[0, 0.1]],
  canaryError: limit,
  stableError: limit / margin,
  clusters: { kind: 'independent' },
};

const compared: JudgePlan = { ...plan, checks: [{ ...errorRate, limit: {} }] };
const outage = { fromBlock: 20, toBlock: 40, factor: 50 };
const restless: Partial<World> = {
  resets: 0.01,
  gaps: 0.1,
  births: 0.05,
  weights: [
    [0, 0.1],
    [20, 0.25],
    [40, 0.5],
  ],
};

/** How many of the rollouts ever reached evidence of 20 and of 100: all blocks in one call, peaks tell the rest. */
function crossings(
  world: World,
  of: JudgePlan,
  blocks: (world: World, random: Random) => Iterable<Block>,
  judge = bet,
) {
  const lenient = { ...of, bet: { ...of.bet, level: 1e9 } };
  let at5 = 0;
  let at1 = 0;
  for (let seed = 1; seed <= rollouts; seed += 1) {
    const input = { blocks: [...blocks(world, new Random(seed))], samples: [], signals: [] };
    const { verdict } = judge.judge(lenient, judge.start(lenient), {
      ...input,
      providerError: null,
      nowMs: 0,
    });
    const peak = verdict.evidence?.peakLogEvidence ?? 0;
    if (peak >= Math.log(20)) at5 += 1;
    if (peak >= Math.log(100)) at1 += 1;
  }
  return { at5, at1 };
}

/** Binomial 99.9 % points of 2,000 at 1 % and at 5 %. */
function expectRare({ at5, at1 }: { readonly at5: number; readonly at1: number }): void {
  expect(at1).toBeLessThanOrEqual(35);
  expect(at5).toBeLessThanOrEqual(131);
}

describe('2,000 releases that are just fine: at most 1 % and 5 % of them ever look otherwise', () => {
  test.for([
    ['independent errors', {}],
    ['bursts of 3', { clusters: { kind: 'bursts', size: 3 } }],
    ['bursts of 10', { clusters: { kind: 'bursts', size: 10 } }],
    ['bursts of 30', { clusters: { kind: 'bursts', size: 30 } }],
    ['geometric bursts', { clusters: { kind: 'geometricBursts', mean: 5 } }],
    [
      'weight changes',
      {
        weights: [
          [0, 0.1],
          [20, 0.25],
          [40, 0.5],
        ],
      },
    ],
  ] as const satisfies readonly (readonly [string, Partial<World>])[])('%s', ([, change]) => {
    expectRare(crossings({ ...boundary, ...change }, plan, plainBlocksOf));
  });

  test('pods with error rates of their own in each block', () => {
    expectRare(
      crossings({ ...boundary, clusters: { kind: 'podRates', correlation: 0.01 } }, plan, plainBlocksOf),
    );
  });

  test('outages that both arms share: the comparison alone', () => {
    expectRare(crossings({ ...boundary, outage }, compared, plainBlocksOf));
  });

  // A limit alone cannot tell an outage from a bad release; that stable fails too is a rule, and no theorem.
  test.for([
    [0.1, 50],
    [0.25, 10],
    [0.25, 50],
    [0.5, 5],
    [0.5, 10],
    [0.5, 50],
  ] as const)(
    'outages that both arms share, weight %d, %d times the errors: the whole judge',
    ([weight, factor]) => {
      const world: World = {
        ...boundary,
        canaryError: limit / 2,
        stableError: limit / 2,
        weights: [[0, weight]],
        outage: { ...outage, factor },
      };
      let rolledBack = 0;
      for (let seed = 1; seed <= 600; seed += 1) {
        const input = { blocks: [...plainBlocksOf(world, new Random(seed))], samples: [], signals: [] };
        const judged = bet.judge(plan, bet.start(plan), { ...input, providerError: null, nowMs: 0 });
        if (judged.verdict.kind === 'fail') rolledBack += 1;
      }
      // The 99.9 % point of 600 at 1 %.
      expect(rolledBack).toBeLessThanOrEqual(15);
    },
  );

  test('half an hour, looked at every 5 s', () => {
    const planned = { ...plan, bet: { plannedBlocks: 360, plannedRequests: 50 } };
    expectRare(crossings({ ...boundary, blocks: 360 }, planned, plainBlocksOf));
  });

  test('one request of the canary a second, looked at every second', () => {
    const planned = { ...plan, bet: { plannedBlocks: 120, plannedRequests: 1 } };
    const slow = { ...boundary, rps: 10, blockSeconds: 1, blocks: 120 };
    expectRare(crossings(slow, planned, plainBlocksOf));
  });

  test('likelihood, where requests are independent', () => {
    expectRare(crossings(boundary, { ...plan, judge: 'likelihood' }, plainBlocksOf, likelihood));
  });
});

test('these checks see a judge whose assumptions do not hold: single requests, where errors come in bursts', () => {
  const world = { ...boundary, blocks: 30, clusters: { kind: 'bursts', size: 10 } } as const;
  const { at5, at1 } = crossings(world, { ...plan, judge: 'likelihood' }, plainBlocksOf, likelihood);
  expect(at1).toBeGreaterThan(35);
  expect(at5).toBeGreaterThan(131);
});

describe('2,000 releases that are just fine, read from counters of pods', () => {
  test.for([
    ['counter resets', { resets: 0.02 }],
    ['gaps', { gaps: 0.2 }],
    ['births', { births: 0.05, canaryBirths: 0.05 }],
    ['all of these while the weight changes', { ...restless, blocks: 60 }],
  ] as const satisfies readonly (readonly [string, Partial<World>])[])('%s', ([, change]) => {
    expectRare(crossings({ ...boundary, blocks: 40, ...change }, plan, blocksOf));
  });

  test('all of these while the weight changes, with an outage: the comparison alone', () => {
    expectRare(crossings({ ...boundary, ...restless, outage }, compared, blocksOf));
  });

  test('errors and latency, whose limit and margin are just kept', () => {
    const latency = { medianSeconds: 0.2, sigma: 0.8, canaryFactor: 1, bounds: [0.1, 0.25, 0.5, 0.75, 2.5] };
    const slow: CheckPlan = {
      ...errorRate,
      name: 'p95',
      measure: { kind: 'latencyQuantile', quantile: 0.95 },
      // 0.2 s · e^(0.8 · 1.645): what 5 % exceed.
      limit: { max: 0.746 },
    };
    const of = { ...plan, checks: [errorRate, slow] };
    expectRare(crossings({ ...boundary, blocks: 30, resets: 0.01, gaps: 0.1, latency }, of, blocksOf));
  });
});
