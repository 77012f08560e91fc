import { describe, expect, test } from 'vitest';
import { binomialLaw, multinomialLaw, withOdds } from '../../../test/statistics/laws.ts';
import type { ArmCounts, Block } from '../block.ts';
import type { CheckPlan, JudgePlan, Verdict } from '../judge.ts';
import { bet } from './bet.ts';
import type { BetState } from './bet-state.ts';
import { spentPrior } from './onset-mixture.ts';
import { evidenceOfProcess } from './process.ts';

/*
 * The evidence that decides, all of it: absolute and share factors, alternatives, onset, groups, excuses, and the rounding of the
 * state. Every history of a few small blocks is judged by `bet` itself, and after each of them the mean of what comes next is at most
 * what there was.
 */

interface Outcome {
  readonly probability: number;
  readonly counts: ArmCounts;
}

/** What each arm may serve in one block. */
interface BlockLaw {
  readonly canary: readonly Outcome[];
  readonly stable: readonly Outcome[];
}

type EvidenceOf = (verdict: Verdict, state: BetState) => number;
const evidenceOfAll: EvidenceOf = ({ evidence }) => Math.exp(evidence?.logEvidence ?? Number.NaN);

/**
 * `growth`: the largest mean of the evidence after one more block over the evidence before it, over all histories. `mean`: the mean at
 * the end. `highest`: the probability that the evidence ever reaches `level`.
 */
function judgeAll(
  plan: JudgePlan,
  laws: readonly BlockLaw[],
  level = Number.POSITIVE_INFINITY,
  evidenceOf = evidenceOfAll,
): { readonly growth: number; readonly mean: number; readonly highest: number } {
  let growth = 0;
  let highest = 0;
  const walk = (state: BetState, before: number, index: number, reach: number): number => {
    const law = laws[index];
    if (law === undefined) return before;
    let mean = 0;
    let next = 0;
    for (const own of law.canary)
      for (const other of law.stable) {
        const probability = own.probability * other.probability;
        if (probability === 0) continue;
        const block: Block = {
          atMs: (index + 1) * 5_000,
          durationMs: 5_000,
          canary: own.counts,
          stable: other.counts,
        };
        const input = { blocks: [block], samples: [], signals: [], providerError: null, nowMs: block.atMs };
        const judged = bet.judge(plan, state, input);
        const evidence = evidenceOf(judged.verdict, judged.state);
        const crossed = reach > 0 && evidence >= level;
        if (crossed) highest += reach * probability;
        next += probability * evidence;
        mean += probability * walk(judged.state, evidence, index + 1, crossed ? 0 : reach * probability);
      }
    growth = Math.max(growth, next / before);
    return mean;
  };
  const start = bet.start(plan);
  const mean = walk(start, 1, 0, 1);
  return { growth, mean, highest };
}

const errorRate: CheckPlan = {
  name: 'error-rate',
  measure: { kind: 'errorShare' },
  limit: { max: 25 },
  shownUnit: '%',
  shownScale: 1,
  windowMs: 60_000,
  minRequests: 0,
};
const plan: JudgePlan = {
  judge: 'bet',
  // Beyond what is planned, too; nothing is decided, so that every history goes on.
  bet: { plannedBlocks: 1, plannedRequests: 3, level: 1e12 },
  intervalMs: 10_000,
  failureThreshold: 2,
  failAt: 'atOnce',
  onNoData: 'wait',
  checks: [errorRate],
};
const limit = 0.25;
const margin = 1.5;

function errorsOf(requests: number, share: number): readonly Outcome[] {
  return binomialLaw(requests, share).map((probability, errors) => ({
    probability,
    counts: { requests, errors },
  }));
}

function blockOf([canary, stable]: readonly [number, number], share: number, stableShare: number): BlockLaw {
  return { canary: errorsOf(canary, share), stable: errorsOf(stable, stableShare) };
}

type Sizes = readonly (readonly [canary: number, stable: number])[];
/** Blocks as they come, with the weight changing, and with a scrape missed: the second and third are one. */
const courses: readonly Sizes[] = [
  [
    [3, 4],
    [3, 4],
  ],
  [
    [1, 3],
    [4, 2],
  ],
  [
    [1, 2],
    [2, 2],
    [2, 1],
  ],
  [
    [2, 2],
    [4, 4],
  ],
  [[6, 6]],
  [
    [2, 2],
    [0, 3],
    [2, 2],
  ],
];
/** At the limit and at the margin; at the limit with stable as bad; within both; fine while nothing works for anybody. */
const fine: readonly (readonly [string, canary: number, stable: number])[] = [
  ['at the limit and at the margin', limit, withOdds(limit, 1 / margin)],
  ['at the limit, as bad as stable', limit, limit],
  ['at the limit, while stable breaks it', limit, 0.6],
  ['within both', 0.1, 0.09],
  ['no error at all', 0, 0],
];
/** Rounding only. */
const most = 1 + 1e-12;

describe('all evidence of bet never grows on average while all is well, over every history', () => {
  test.for(fine)('%s', ([, canary, stable]) => {
    for (const sizes of courses) {
      const laws = sizes.map((size) => blockOf(size, canary, stable));
      for (const settings of [plan, { ...plan, bet: { ...plan.bet, level: 1 / 0.3, falseRollback: 0.3 } }]) {
        const { growth, mean } = judgeAll(settings, laws);
        expect(growth).toBeLessThanOrEqual(most);
        expect(mean).toBeLessThanOrEqual(most);
        // Where both hold with nothing to spare, next to nothing is given away.
        if (settings === plan && stable < canary && canary === limit) expect(mean).toBeGreaterThan(0.98);
      }
    }
  });

  test('so it reaches 2 in at most a half of all histories, and 3 in a third (Ville)', () => {
    for (const level of [2, 3]) {
      const laws = courses[2]?.map((size) => blockOf(size, limit, withOdds(limit, 1 / margin))) ?? [];
      const { highest } = judgeAll(plan, laws, level);
      expect(highest).toBeLessThanOrEqual(1 / level);
      expect(highest).toBeGreaterThan(0);
    }
  });

  test('the comparison alone, with an outage of both arms in one of the blocks', () => {
    const compared = { ...plan, checks: [{ ...errorRate, limit: {} }] };
    for (const [before, during] of [
      [0.1, 0.8],
      [0.7, 0.05],
    ] as const) {
      const laws = [
        blockOf([2, 3], withOdds(before, margin), before),
        blockOf([2, 3], withOdds(during, margin), during),
        blockOf([1, 2], withOdds(before, margin), before),
      ];
      expect(judgeAll(compared, laws).growth).toBeLessThanOrEqual(most);
    }
  });

  test('errors that come in bursts within a block: all requests of a block fail together or not at all', () => {
    const together = (requests: number, share: number): readonly Outcome[] => [
      { probability: share, counts: { requests, errors: requests } },
      { probability: 1 - share, counts: { requests, errors: 0 } },
    ];
    const alone = { ...plan, checks: [{ ...errorRate, compare: false }] };
    const laws = [5, 1, 7].map((n) => ({ canary: together(n, limit), stable: errorsOf(1, limit) }));
    expect(judgeAll(alone, laws).growth).toBeLessThanOrEqual(most);
  });
});

describe('errors and latency together, which depend on each other: a request above the last bound fails', () => {
  const bounds = [0.1, 1];
  const p75: CheckPlan = {
    ...errorRate,
    name: 'p75',
    measure: { kind: 'latencyQuantile', quantile: 0.75 },
    limit: { max: 1 },
  };
  const both = { ...plan, checks: [errorRate, p75] };

  /** `slow`: the share of requests above each bound. */
  function servedOf(requests: number, [overFirst, overLast]: readonly [number, number]): readonly Outcome[] {
    return multinomialLaw(requests, [1 - overFirst, overFirst - overLast, overLast]).map(
      ({ probability, counts: [fast = 0, middle = 0, slow = 0] }) => ({
        probability,
        counts: {
          requests,
          errors: slow,
          latency: { unit: 's', bounds, cumulative: [fast, fast + middle] },
        },
      }),
    );
  }

  test.for([
    [
      'the same latencies, and no margin',
      { ...both, bet: { ...plan.bet, latencyMargin: 1 } },
      [0.6, 0.25],
      [0.6, 0.25],
    ],
    ['hardly any slow', both, [0.004, 0.003], [0.004, 0.003]],
    ['at the margin at both bounds', both, [withOdds(0.5, 1.25), withOdds(0.2, 1.25)], [0.5, 0.2]],
    [
      'ten times slower, which is allowed',
      { ...both, bet: { ...plan.bet, slowdown: 10 } },
      [0.7, 0.25],
      [0.25, 0.2],
    ],
  ] as const)('%s', ([, settings, canary, stable]) => {
    for (const sizes of [
      [
        [2, 3],
        [3, 2],
      ],
      [
        [1, 2],
        [2, 1],
        [1, 1],
      ],
    ] as const) {
      const laws = sizes.map(([nc, ns]) => ({ canary: servedOf(nc, canary), stable: servedOf(ns, stable) }));
      const { growth } = judgeAll(settings, laws);
      expect(growth).toBeLessThanOrEqual(most);
    }
  });
});

describe('slips in how evidence is put together would be seen', () => {
  const laws = courses[2]?.map((size) => blockOf(size, limit, limit)) ?? [];
  const slips: Readonly<Record<string, EvidenceOf>> = {
    'the larger of two tests instead of their average': (_verdict, state) => {
      const course = { kind: 'rollout', plannedBlocks: 1 } as const;
      const [absolute] = Object.values(state.absolute);
      return Math.max(
        ...[absolute?.canary, state.errorShare?.process].map((process) =>
          process === undefined ? 0 : evidenceOfProcess(process, course),
        ),
      );
    },
    'the prior of an onset is never spent': (verdict, state) =>
      evidenceOfAll(verdict, state) + spentPrior(state.errorShare?.process[1] ?? 0, 1) / 2,
    'the largest evidence so far instead of the evidence now': ({ evidence }) =>
      Math.exp(evidence?.peakLogEvidence ?? 0),
  };
  test.for(Object.entries(slips))('%s', ([, evidenceOf]) => {
    expect(judgeAll(plan, laws, 1, evidenceOf).mean).toBeGreaterThan(most);
  });
});
