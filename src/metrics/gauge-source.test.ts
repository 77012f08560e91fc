import { expect, test } from 'vitest';
import { examplePlan } from '../../test/fakes/examples.ts';
import type { CheckPlan } from '../analysis/judge.ts';
import type { Plan } from '../rollout/plan.ts';
import { GaugeSource, type ReplicaUsage } from './gauge-source.ts';

const gauge = (usage: 'memory' | 'cpu'): CheckPlan => ({
  name: usage,
  measure: { kind: 'gauge', usage },
  limit: {},
  shownUnit: '',
  shownScale: 1,
  windowMs: 60_000,
  minRequests: 0,
});
const plan: Plan = {
  ...examplePlan,
  judging: { ...examplePlan.judging, checks: [...examplePlan.judging.checks, gauge('memory'), gauge('cpu')] },
};

const replica = (name: string, arm: 'stable' | 'canary', cpuSeconds: number, process = 1): ReplicaUsage => ({
  replica: name,
  arm,
  process,
  memoryBytes: 50e6,
  cpuSeconds,
});

/** One reading every two seconds from 2,000 on; the cursor goes through JSON, as the store does with it. */
async function readAll(of: Plan, answers: readonly (readonly ReplicaUsage[] | Error)[]) {
  let cursor: unknown = null;
  let nowMs = 0;
  const all: string[][] = [];
  for (const answer of answers) {
    nowMs += 2_000;
    const source = new GaugeSource({
      usage: () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)),
    });
    const reading = await source.read('default/shop', of, cursor, nowMs);
    expect(reading.blocks).toEqual([]);
    cursor = JSON.parse(JSON.stringify(reading.cursor));
    all.push(
      reading.samples.map(
        (sample) => `${sample.check} ${sample.arm} ${sample.unit} ${sample.value} at ${sample.atMs}`,
      ),
    );
  }
  return all;
}

test('memory, and cores in use since the last reading; the first sets the cursor', async () => {
  const readings = await readAll(plan, [
    [replica('a', 'canary', 10), replica('b', 'stable', 100)],
    [replica('a', 'canary', 11), replica('b', 'stable', 100.5)],
  ]);
  expect(readings).toMatchInlineSnapshot(`
    [
      [],
      [
        "memory canary a 50000000 at 4000",
        "memory stable b 50000000 at 4000",
        "cpu canary a 0.5 at 4000",
        "cpu stable b 0.25 at 4000",
      ],
    ]
  `);
});

test('a replica that is new, or was started anew, has no processor time yet', async () => {
  const readings = await readAll(plan, [
    [replica('a', 'canary', 10)],
    [replica('a', 'canary', 12, 2), replica('c', 'canary', 5)],
    [replica('a', 'canary', 13, 2), replica('c', 'canary', 5)],
  ]);
  expect(readings.slice(1).map((lines) => lines.filter((line) => line.startsWith('cpu')))).toEqual([
    [],
    ['cpu canary a 0.5 at 6000', 'cpu canary c 0 at 6000'],
  ]);
});

test('what cannot be read is missing and no error; what was used meanwhile counts later', async () => {
  const readings = await readAll(plan, [
    [replica('a', 'canary', 10)],
    new Error('no such file'),
    [replica('a', 'canary', 12)],
  ]);
  expect(readings.map((lines) => lines.filter((line) => line.startsWith('cpu')))).toEqual([
    [],
    [],
    ['cpu canary a 0.5 at 6000'],
  ]);
});

test('an arm that is replaced in place is the one on trial', async () => {
  const usage = [replica('a', 'stable', 1)];
  expect(await readAll({ ...plan, strategy: 'Rolling' }, [usage, usage])).toEqual([
    [],
    ['memory canary a 50000000 at 4000', 'cpu canary a 0 at 4000'],
  ]);
});

test('nothing is read for a plan without such checks', async () => {
  const source = new GaugeSource({ usage: () => Promise.reject(new Error('it was asked')) });
  expect(await source.read('default/shop', examplePlan, null, 0)).toEqual({
    blocks: [],
    samples: [],
    cursor: null,
  });
  let asked = false;
  await new GaugeSource({
    usage: () => {
      asked = true;
      return Promise.resolve([]);
    },
  }).read('default/shop', examplePlan, null, 0);
  expect(asked).toBe(false);
});
