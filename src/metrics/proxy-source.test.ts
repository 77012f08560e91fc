import { expect, test } from 'vitest';
import { examplePlan } from '../../test/fakes/examples.ts';
import type { MetricReading } from '../engine/ports.ts';
import { ProxySource, type ProxyWorkerCounters } from './proxy-source.ts';

const bounds = [0.1, 1];

function worker(
  name: string,
  canary: readonly [number, number],
  stable: readonly [number, number] = [0, 0],
  ageMs = 0,
): ProxyWorkerCounters {
  const arm = ([requests, errors]: readonly [number, number]) => ({
    requests,
    errors,
    latency: { bounds, cumulative: [0, requests] },
  });
  return {
    worker: name,
    atMs: 7_000_000,
    startedAtMs: 7_000_000 - ageMs,
    arms: { canary: arm(canary), stable: arm(stable) },
  };
}

/** Reads once a second from 1,000 on; the cursor goes through JSON, as the store does with it. */
async function readAll(answers: readonly (readonly ProxyWorkerCounters[])[]): Promise<MetricReading[]> {
  const readings: MetricReading[] = [];
  let cursor: unknown = null;
  let nowMs = 0;
  for (const answer of answers) {
    nowMs += 1_000;
    const source = new ProxySource({ counters: () => Promise.resolve(answer) });
    const reading = await source.read('default/shop', examplePlan, cursor, nowMs);
    cursor = JSON.parse(JSON.stringify(reading.cursor));
    readings.push(reading);
  }
  return readings;
}

const canaryCounts = (readings: readonly MetricReading[]): (readonly [number, number] | null)[] =>
  readings.map(({ blocks: [block] }) =>
    block?.canary ? [block.canary.requests, block.canary.errors] : null,
  );

test('the workers are one block of both arms, one each reading', async () => {
  const readings = await readAll([
    [worker('a', [5, 0], [50, 1], 9_000), worker('b', [5, 0], [50, 1], 9_000)],
    [worker('a', [7, 1], [60, 1], 10_000), worker('b', [6, 0], [70, 2], 10_000)],
  ]);
  expect(readings.map((reading) => reading.blocks)).toEqual([
    [],
    [
      {
        atMs: 2_000,
        durationMs: 1_000,
        canary: { requests: 3, errors: 1, latency: { unit: 's', bounds, cumulative: [0, 3] } },
        stable: { requests: 30, errors: 1, latency: { unit: 's', bounds, cumulative: [0, 30] } },
      },
    ],
  ]);
});

test('a worker that was restarted counts from 0, one that was silent at first does not bring its past', async () => {
  const readings = await readAll([
    [worker('a', [100, 9], [0, 0], 60_000)],
    [worker('a2', [4, 2], [0, 0], 500), worker('b', [800, 80], [0, 0], 60_000)],
    [worker('a2', [4, 2], [0, 0], 1_500), worker('b', [801, 80], [0, 0], 61_000)],
  ]);
  expect(canaryCounts(readings)).toEqual([null, [4, 2], [1, 0]]);
});

test('what was served while nobody read is one block over the whole gap', async () => {
  const source = (requests: number) =>
    new ProxySource({ counters: () => Promise.resolve([worker('a', [requests, 0])]) });
  const { cursor } = await source(10).read('default/shop', examplePlan, null, 1_000);
  const { blocks } = await source(400).read('default/shop', examplePlan, cursor, 301_000);
  expect(blocks.map((block) => [block.durationMs, block.canary?.requests])).toEqual([[300_000, 390]]);
});

test('no worker at all is an error, not zero requests', async () => {
  await expect(readAll([[]])).rejects.toMatchObject({ code: 'metrics-unavailable' });
});

test('what is replaced in place is on trial: the counts of its one arm are judged', async () => {
  const plan = { ...examplePlan, strategy: 'Rolling' as const, steps: [] };
  const read = async (requests: number, cursor: unknown): Promise<MetricReading> =>
    await new ProxySource({ counters: () => Promise.resolve([worker('a', [0, 0], [requests, 1])]) }).read(
      'default/shop',
      plan,
      cursor,
      requests * 100,
    );
  const { cursor } = await read(10, null);
  expect(canaryCounts([await read(30, cursor)])).toEqual([[20, 0]]);
});
