import { expect, test } from 'vitest';
import { checkedInvariants, Coverage } from './coverage.ts';
import { momentFaults, windowFaults } from './faults.ts';
import { failedSeeds } from './seeds.ts';
import { simulate } from './simulate.ts';

const seeds = 2_000;
const coverage = new Coverage();

async function failing(list: readonly number[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const seed of list) {
    const violations = await simulate(seed, coverage);
    if (violations.length > 0)
      found.push(`npm run sim -- --seeds 1 --seed ${seed} --verbose: ${violations.join('; ')}`);
  }
  return found;
}

test('seeds that once failed hold', async () => {
  expect(await failing(Object.keys(failedSeeds).map(Number))).toEqual([]);
});

test(`${seeds} seeds hold every invariant and reach every fault`, async () => {
  expect(await failing(Array.from({ length: seeds }, (_, index) => index + 1))).toEqual([]);
  const missed = [...windowFaults, ...momentFaults].filter((fault) => !coverage.faults.has(fault));
  const unchecked = checkedInvariants.filter((invariant) => !coverage.invariants.has(invariant));
  expect([missed, unchecked]).toEqual([[], []]);
}, 240_000);

test('the same seed gives the same run', async () => {
  const runs = [new Coverage(), new Coverage()];
  for (const run of runs) for (let seed = 1; seed <= 20; seed += 1) await simulate(seed, run);
  expect(runs[0]).toEqual(runs[1]);
});
