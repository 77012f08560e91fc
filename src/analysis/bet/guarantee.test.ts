import { describe, expect, test } from 'vitest';
import { Random } from '../../../test/statistics/random.ts';
import { blocksOf, plainBlocksOf, type World } from '../../../test/statistics/world.ts';
import type { Block } from '../block.ts';
import type { CheckPlan, JudgePlan } from '../judge.ts';
import { bet } from './bet.ts';

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

/** How many of the rollouts ever reached evidence of 20 and of 100: all blocks in one call, peaks tell the rest. */
function crossings(world: World, of: JudgePlan, blocks: (world: World, random: Random) => Iterable<Block>) {
  const lenient = { ...of, bet: { ...of.bet, level: 1e9 } };
  let at5 = 0;
  let at1 = 0;
  for (let seed = 1; seed <= rollouts; seed += 1) {
    const input = { blocks: [...blocks(world, new Random(seed))], samples: [], signals: [] };
    const { verdict } = bet.judge(lenient, bet.start(lenient), { ...input, providerError: null, nowMs: 0 });
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

  test('pods with error rates of their own in each block, as bad as stable', () => {
    const world = {
      ...boundary,
      clusters: { kind: 'podRates', correlation: 0.01 },
      stableError: limit,
    } as const;
    expectRare(crossings(world, plan, plainBlocksOf));
  });

  test('outages that both arms share: the comparison alone', () => {
    const outage = { fromBlock: 20, toBlock: 40, factor: 50 };
    const compared = { ...plan, checks: [{ ...errorRate, limit: {} }] };
    expectRare(crossings({ ...boundary, outage }, compared, plainBlocksOf));
  });
});

test.for([
  ['counter resets', { resets: 0.02 }],
  ['gaps', { gaps: 0.2 }],
  ['births', { births: 0.05 }],
] as const satisfies readonly (readonly [string, Partial<World>])[])(
  '2,000 releases that are just fine, read from counters: %s',
  ([, change]) => {
    expectRare(crossings({ ...boundary, blocks: 40, ...change }, plan, blocksOf));
  },
);
