import { describe, expect, test } from 'vitest';
import { Random } from '../../../test/statistics/random.ts';
import type { Block, PodCounts } from '../block.ts';
import type { CheckPlan, JudgePlan, Verdict } from '../judge.ts';
import { bet } from './bet.ts';
import type { BetState } from './bet-state.ts';

const errorRate: CheckPlan = {
  name: 'error-rate',
  measure: { kind: 'errorShare' },
  // So lax that the comparison alone decides.
  limit: { max: 20 },
  shownUnit: '%',
  shownScale: 1,
  windowMs: 60_000,
  minRequests: 0,
};
const plan: JudgePlan = {
  judge: 'bet',
  bet: { plannedBlocks: 120, plannedRequests: 250, margin: 1 },
  intervalMs: 10_000,
  failureThreshold: 2,
  failAt: 'atOnce',
  onNoData: 'wait',
  checks: [errorRate],
};

/** Up to the first `fail`, the state through JSON each time. */
function run(of: JudgePlan, blocks: Iterable<Block>): { state: BetState; verdict: Verdict | null } {
  let state = bet.start(of);
  let verdict: Verdict | null = null;
  for (const block of blocks) {
    const input = { blocks: [block], samples: [], signals: [], providerError: null, nowMs: block.atMs };
    const next = bet.judge(of, state, input);
    state = JSON.parse(JSON.stringify(next.state));
    verdict = next.verdict;
    if (verdict.kind === 'fail') break;
  }
  return { state, verdict };
}

function block(index: number, canary: PodCounts, pods: Readonly<Record<string, PodCounts>>): Block {
  const sum = (part: keyof PodCounts): number =>
    Object.values(pods).reduce((total, counts) => total + counts[part], 0);
  const stable = { requests: sum('requests'), errors: sum('errors'), pods };
  return { atMs: (index + 1) * 5_000, durationMs: 5_000, canary, stable };
}

/** Each of `pods` stable pods and the canary serve as much, each with a factor of its own for good. */
function* podsThatDiffer(
  { pods, spread, canaryFactor }: { pods: number; spread: number; canaryFactor: number },
  random: Random,
): Generator<Block> {
  const [own = 1, ...factors] = Array.from({ length: pods + 1 }, () => Math.exp(spread * random.normal()));
  const served = (factor: number): PodCounts => {
    const requests = random.poisson(250);
    return { requests, errors: random.binomial(requests, Math.min(1, 0.005 * factor)) };
  };
  for (let index = 0; index < 120; index += 1) {
    const canary = served(own * canaryFactor);
    const stable = factors.map(
      (factor, pod) => [`pod-${String(pod).padStart(2, '0')}`, served(factor)] as const,
    );
    yield block(index, canary, Object.fromEntries(stable));
  }
}

function* withoutPods(blocks: Iterable<Block>): Generator<Block> {
  for (const { stable, ...rest } of blocks)
    yield { ...rest, ...(stable && { stable: { requests: stable.requests, errors: stable.errors } }) };
}

function rollbacks(world: Parameters<typeof podsThatDiffer>[0], pods: boolean): number {
  let failed = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const blocks = podsThatDiffer(world, new Random(seed));
    if (run(plan, pods ? blocks : withoutPods(blocks)).verdict?.kind === 'fail') failed += 1;
  }
  return failed;
}

describe('pods that differ for good', () => {
  test('a healthy canary among them is held more often than rolled back', () => {
    const world = { pods: 20, spread: 0.5, canaryFactor: 1 };
    const without = rollbacks(world, false);
    expect(without).toBeGreaterThanOrEqual(6);
    expect(rollbacks(world, true)).toBeLessThanOrEqual(without / 2);
  });

  test('where they are alike, a bad canary is found as always', () => {
    const world = { pods: 20, spread: 0, canaryFactor: 2 };
    expect([rollbacks(world, false), rollbacks(world, true)]).toEqual([40, 40]);
    expect(rollbacks({ pods: 9, spread: 0.2, canaryFactor: 4 }, true)).toBe(40);
  });
});

const good: PodCounts = { requests: 100, errors: 0 };
const sick: PodCounts = { requests: 100, errors: 10 };
const repeat = (canary: PodCounts, pods: Readonly<Record<string, PodCounts>>, times = 30): Block[] =>
  Array.from({ length: times }, (_, index) => block(index, canary, pods));
const many = (names: readonly string[], counts: PodCounts): Record<string, PodCounts> =>
  Object.fromEntries(names.map((name) => [name, counts]));
const eight = many(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], good);

describe('stable pods in the role of the canary', () => {
  test('two that look as bad make a rollback by comparison a hold, and it says why', () => {
    const { verdict } = run(plan, repeat(sick, { ...eight, x: sick, y: sick }));
    expect(verdict?.kind).toBe('suspect');
    expect(verdict?.evidence).toMatchObject({
      placebos: { pods: 10, above: 2 },
      environment: false,
      blame: [],
    });
    expect(verdict?.evidence?.logEvidence).toBeGreaterThan(Math.log(100));
    expect(verdict?.checks[0]?.message).toMatchInlineSnapshot(
      `"10 %, allowed at most 20 %; 300 of 3,000 failed, stable 600 of 30,000; a healthy release would look this bad in fewer than 1 of 1,000,000,000 rollouts; stable pods differ from each other as much: 2 of 10 would be suspect in the canary's place"`,
    );
  });

  test('one of them may be sick', () => {
    expect(run(plan, repeat(sick, { ...eight, x: sick })).verdict?.kind).toBe('fail');
  });

  test('evidence of the limit itself counts as before', () => {
    const strict = { ...plan, checks: [{ ...errorRate, limit: { max: 1 } }] };
    const pods = {
      ...many(
        Array.from({ length: 12 }, (_, index) => `p${index}`),
        good,
      ),
      x: { requests: 100, errors: 5 },
    };
    const both = { ...pods, y: { requests: 100, errors: 5 } };
    const awful = { requests: 100, errors: 50 };
    const { verdict } = run(strict, repeat(awful, both));
    expect(verdict?.kind).toBe('fail');
    expect(verdict?.evidence?.blame).toEqual(['error-rate']);
  });

  test('needs three pods that add up to their arm; without, the state holds nothing of it', () => {
    const two = run(plan, repeat(good, { x: sick, y: sick }, 3));
    expect(two.verdict?.evidence?.placebos).toBe(null);
    expect('placebos' in two.state).toBe(false);
    const wrong = repeat(good, { x: sick, y: sick, z: good }, 3).map((one) => ({
      ...one,
      stable: { ...one.stable, requests: 301, errors: 20 },
    }));
    expect('placebos' in run(plan, wrong).state).toBe(false);
    const alone = { ...plan, checks: [{ ...errorRate, compare: false }] };
    expect('placebos' in run(alone, repeat(good, eight, 3)).state).toBe(false);
  });

  test('at most 16 are followed, and new pods take the places of those that are gone', () => {
    const names = Array.from({ length: 20 }, (_, index) => `p${String(index).padStart(2, '0')}`);
    const before = repeat(good, many(names.slice(0, 18), good), 2);
    expect(Object.keys(run(plan, before).state.placebos ?? {})).toEqual(names.slice(0, 16));
    const later = repeat(good, many(names.slice(4), good), 4).slice(2);
    const kept = Object.keys(run(plan, [...before, ...later]).state.placebos ?? {});
    expect(kept).toEqual(names.slice(4));
    const { state } = run(plan, [
      ...podsThatDiffer({ pods: 20, spread: 0.5, canaryFactor: 1 }, new Random(1)),
    ]);
    expect(JSON.stringify(state.placebos).length).toBeLessThan(16 * 60);
  });
});
