import { describe, expect, test } from 'vitest';
import { binomialLaw, shareLaw, withOdds } from '../../../test/statistics/laws.ts';
import { absoluteFactors, absoluteRatios, shareFactors, slowRatios } from './factors.ts';
import { blockBets, type FactorForm } from './forms.ts';
import { likelihoodForm } from './likelihood-form.ts';

/** Over all cases: the largest mean that a factor has while all is well, and the least factor there is. */
interface Worst {
  readonly mean: number;
  readonly least: number;
}

/** How a case is enumerated: every outcome with its probability. */
type Law = readonly { readonly probability: number; readonly factors: readonly number[] }[];

function worstOf(laws: Iterable<Law>): Worst {
  let mean = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const law of laws) {
    const means: number[] = [];
    for (const { probability, factors } of law) {
      if (probability === 0) continue;
      for (const [j, factor] of factors.entries()) {
        means[j] = (means[j] ?? 0) + probability * factor;
        least = Math.min(least, factor);
      }
    }
    mean = Math.max(mean, ...means);
  }
  return { mean, least };
}

const parts = [0, 0.1, 0.5, 0.9, 1];
const limits = [0.001, 0.05, 0.3];

/** Every block of up to 12 requests, every rate up to the limit, whatever was expected. */
function* absoluteLaws(form: FactorForm): Generator<Law> {
  for (const limit of limits)
    for (let n = 1; n <= 12; n += 1)
      for (const part of parts)
        for (const expected of [0.5, 10, 1_000])
          for (const ratios of [absoluteRatios, slowRatios])
            yield binomialLaw(n, limit * part).map((probability, bad) => ({
              probability,
              factors: form.absolute({ requests: n, bad }, limit, ratios, expected),
            }));
}

/** Every split of up to 12 requests over the arms, every number of bad ones, every odds up to the margin. */
function* shareLaws(form: FactorForm): Generator<Law> {
  for (const margin of [1, 1.25, 1.5, 2])
    for (let nc = 1; nc <= 11; nc += 1)
      for (let ns = 1; ns <= 12 - nc; ns += 1)
        for (let bad = 1; bad <= nc + ns; bad += 1)
          for (const part of [0.2, 0.7, 1])
            for (const ratios of [absoluteRatios, slowRatios])
              yield shareLaw(nc, ns, bad, margin * part).map((probability, x) => ({
                probability,
                factors: form.share(
                  { canaryRequests: nc, canaryBad: x, stableRequests: ns, stableBad: bad - x },
                  margin,
                  ratios,
                ),
              }));
}

/** Two and three blocks that a missed scrape made one, each with a rate of its own up to the limit. */
function* mergedAbsoluteLaws(form: FactorForm): Generator<Law> {
  for (const limit of limits)
    for (const lengths of [
      [1, 2],
      [3, 4],
      [5, 1],
      [2, 2, 3],
    ])
      for (const first of parts)
        for (const later of parts)
          for (const expected of [0.5, 1_000])
            yield merge(
              lengths.map((n, at) => binomialLaw(n, limit * (at === 0 ? first : later))),
              ([...bad]) =>
                form.absolute({ requests: sum(lengths), bad: sum(bad) }, limit, absoluteRatios, expected),
            );
}

/**
 * The same for shares: two and three blocks with the same split of the traffic, in which stable fails at a rate of each block's own
 * (an outage in one of them) and the canary at up to `margin` times the odds.
 */
function* mergedShareLaws(form: FactorForm): Generator<Law> {
  const rates = [0.05, 0.5, 0.9];
  for (const margin of [1, 1.5])
    for (const [canary, stable] of [
      [1, 1],
      [1, 2],
      [2, 1],
    ] as const)
      for (const lengths of [
        [1, 2],
        [2, 2],
        [1, 1, 1],
      ])
        for (const part of [0.5, 1])
          for (const shift of [0, 1, 2]) {
            const rate = (at: number): number => rates[(at + shift) % rates.length] ?? 0;
            const laws = lengths.flatMap((length, at) => [
              binomialLaw(canary * length, withOdds(rate(at), margin * part)),
              binomialLaw(stable * length, rate(at)),
            ]);
            yield merge(laws, (bad) =>
              form.share(
                {
                  canaryRequests: canary * sum(lengths),
                  canaryBad: sum(bad.filter((_, at) => at % 2 === 0)),
                  stableRequests: stable * sum(lengths),
                  stableBad: sum(bad.filter((_, at) => at % 2 === 1)),
                },
                margin,
                absoluteRatios,
              ),
            );
          }
}

/** All outcomes of independent counts. */
function merge(
  laws: readonly (readonly number[])[],
  factorsOf: (counts: readonly number[]) => readonly number[],
): Law {
  let outcomes: { probability: number; counts: number[] }[] = [{ probability: 1, counts: [] }];
  for (const law of laws)
    outcomes = outcomes.flatMap(({ probability, counts }) =>
      law.map((own, count) => ({ probability: probability * own, counts: [...counts, count] })),
    );
  return outcomes.map(({ probability, counts }) => ({ probability, factors: factorsOf(counts) }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const checks = {
  absolute: absoluteLaws,
  share: shareLaws,
  'absolute, merged': mergedAbsoluteLaws,
  'share, merged': mergedShareLaws,
} as const;
const names = Object.keys(checks) as (keyof typeof checks)[];

/** Rounding only. */
const most = 1 + 1e-12;

describe('the mean of each factor is at most 1 while all is well, and no factor is below 0: exactly, over all outcomes', () => {
  test.for(names)('bet: %s', (name) => {
    const { mean, least } = worstOf(checks[name](blockBets));
    expect(mean).toBeLessThanOrEqual(most);
    // At the boundary nothing is given away either, and no block takes more than 95 % of the evidence.
    expect(mean).toBeGreaterThan(1 - 1e-9);
    expect(least).toBeGreaterThan(0.05 - 1e-12);
  });

  // What is merged there has several rates, which the law of single requests does not know.
  test.for(['absolute', 'share', 'absolute, merged'] as const)('likelihood: %s', (name) => {
    const { mean, least } = worstOf(checks[name](likelihoodForm(1)));
    expect(mean).toBeLessThanOrEqual(most);
    expect(least).toBeGreaterThanOrEqual(0);
  });

  test('above the limit, and above the margin, it is evidence', () => {
    const law = binomialLaw(10, 0.01).map((probability, bad) => ({
      probability,
      factors: absoluteFactors({ requests: 10, bad }, 0.001, absoluteRatios, 10),
    }));
    expect(worstOf([law]).mean).toBeGreaterThan(1.1);
    const shared = shareLaw(4, 6, 3, 6).map((probability, x) => ({
      probability,
      factors: shareFactors(
        { canaryRequests: 4, canaryBad: x, stableRequests: 6, stableBad: 3 - x },
        1.5,
        absoluteRatios,
      ),
    }));
    expect(worstOf([shared]).mean).toBeGreaterThan(1.1);
  });
});

/** The slips that the checks above are there for; each must be seen by the checks that are named. */
const slips: Readonly<Record<string, readonly [Partial<FactorForm>, readonly (keyof typeof checks)[]]>> = {
  'more is bet than there is': [
    {
      absolute: (...block) => blockBets.absolute(...block).map(bolder),
      share: (...block) => blockBets.share(...block).map(bolder),
    },
    names,
  ],
  'the limit is taken a hundredth too low': [
    { absolute: (arm, limit, ratios, expected) => absoluteFactors(arm, limit * 0.99, ratios, expected) },
    ['absolute', 'absolute, merged'],
  ],
  'the bet is chosen after the block was seen': [
    { absolute: (arm, limit, ratios) => absoluteFactors(arm, limit, ratios, arm.bad / limit) },
    ['absolute', 'absolute, merged'],
  ],
  'a bad request is counted twice, once as an attempt': [
    {
      absolute: ({ requests, bad }, limit, ratios, expected) =>
        absoluteFactors({ requests, bad: Math.min(requests, bad * 2) }, limit, ratios, expected),
    },
    ['absolute', 'absolute, merged'],
  ],
  'the margin is forgotten': [
    { share: (block, _margin, ratios) => shareFactors(block, 1, ratios) },
    ['share', 'share, merged'],
  ],
  'the margin is taken a hundredth too narrow': [
    { share: (block, margin, ratios) => shareFactors(block, margin * 0.99, ratios) },
    ['share', 'share, merged'],
  ],
  'the split is what was configured, not what was served': [
    {
      share: (block, margin, ratios) =>
        shareFactors({ ...block, stableRequests: block.stableRequests + 1 }, margin, ratios),
    },
    ['share', 'share, merged'],
  ],
  'the bet depends on whose the bad requests are': [
    {
      share: (block, margin, ratios) =>
        block.canaryBad === 0 ? ratios.map(() => 1) : shareFactors(block, margin, ratios),
    },
    ['share', 'share, merged'],
  ],
};

function bolder(factor: number): number {
  return 1 + (factor - 1) * 1.1;
}

test.for(Object.entries(slips))('a slip would be seen: %s', ([, [slip, seenBy]]) => {
  for (const name of seenBy) {
    const { mean, least } = worstOf(checks[name]({ ...blockBets, ...slip }));
    expect(mean > most || least < 0, name).toBe(true);
  }
});

test('only blocks of one split may be merged: with the weight changed inside of it, an outage looks like the canary', () => {
  // 1 of 10 requests while all is well, then half of them during an outage of both arms: most errors fall where the canary has most.
  const laws = [binomialLaw(1, 0), binomialLaw(9, 0), binomialLaw(4, 0.9), binomialLaw(4, 0.9)];
  const law = merge(laws, ([a = 0, b = 0, c = 0, d = 0]) =>
    shareFactors(
      { canaryRequests: 5, canaryBad: a + c, stableRequests: 13, stableBad: b + d },
      1.5,
      absoluteRatios,
    ),
  );
  expect(worstOf([law]).mean).toBeGreaterThan(1.1);
});
