import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Block } from './block.ts';
import { type ArmReading, type CounterReading, type CounterStep, differenceCounters } from './counters.ts';

const bounds = [0.1, 1];

function arm(ok: number, failed: number, cumulative: readonly number[] = [ok, ok + failed]): ArmReading {
  return {
    requests: { '2xx': ok, '5xx': failed },
    errors: { '5xx': failed },
    latency: { bounds, cumulative },
  };
}

function reading(
  source: string,
  atMs: number,
  canary: ArmReading,
  stable: ArmReading = arm(0, 0),
): CounterReading {
  return { source, atMs, startedAtMs: null, canary, stable };
}

function run(...scrapes: readonly (readonly CounterReading[])[]): { blocks: Block[]; resets: string[] } {
  const blocks: Block[] = [];
  const resets: string[] = [];
  let cursor: CounterStep['cursor'] | null = null;
  for (const scrape of scrapes) {
    const step: CounterStep | null = differenceCounters(cursor, scrape);
    if (step === null) continue;
    cursor = JSON.parse(JSON.stringify(step.cursor));
    if (step.block !== null) blocks.push(step.block);
    resets.push(...step.resets);
  }
  return { blocks, resets };
}

test('the first reading is the base, the next one a block', () => {
  expect(run([reading('a', 1000, arm(10, 1))], [reading('a', 2000, arm(14, 3))]).blocks).toEqual([
    {
      atMs: 2000,
      durationMs: 1000,
      canary: { requests: 6, errors: 2, latency: { unit: 's', bounds, cumulative: [4, 6] } },
      stable: { requests: 0, errors: 0, latency: { unit: 's', bounds, cumulative: [0, 0] } },
    },
  ]);
});

test('a counter that falls means a restart: all of the source counts from 0, and it is told', () => {
  const { blocks, resets } = run([reading('a', 1000, arm(10, 1))], [reading('a', 2000, arm(20, 0))]);
  expect(blocks[0]?.canary?.requests).toBe(20);
  expect(blocks[0]?.canary?.errors).toBe(0);
  expect(resets).toEqual(['a']);
});

test('a worker that is new after the start counts from 0', () => {
  const { blocks } = run(
    [reading('a', 1000, arm(10, 1))],
    [reading('a', 2000, arm(10, 1)), reading('b', 2000, arm(3, 2))],
  );
  expect(blocks[0]?.canary?.requests).toBe(5);
  expect(blocks[0]?.canary?.errors).toBe(2);
});

test('a worker that is older than the last reading, but did not answer it, counts from when it is first read', () => {
  const late = (atMs: number, ok: number): CounterReading => ({
    ...reading('b', atMs, arm(ok, 0)),
    startedAtMs: 500,
  });
  const { blocks } = run(
    [reading('a', 1000, arm(0, 0))],
    [reading('a', 2000, arm(1, 0)), late(2000, 9000)],
    [reading('a', 3000, arm(1, 0)), late(3000, 9002)],
  );
  expect(blocks.map((block) => block.canary?.requests)).toEqual([1, 2]);
});

test('the first error of a label that was never seen is counted', () => {
  const before: ArmReading = { requests: { '200': 5 }, errors: {}, latency: null };
  const after: ArmReading = { requests: { '200': 7, '503': 1 }, errors: { '503': 1 }, latency: null };
  const { blocks } = run([reading('a', 1000, before)], [reading('a', 2000, after)]);
  expect(blocks[0]?.canary).toEqual({ requests: 3, errors: 1 });
});

test('a worker that misses a reading is not counted twice when it is back', () => {
  const { blocks } = run(
    [reading('a', 1000, arm(100, 0)), reading('b', 1000, arm(50, 0))],
    [reading('b', 2000, arm(51, 0))],
    [reading('a', 3000, arm(104, 0)), reading('b', 3000, arm(51, 0))],
  );
  expect(blocks.map((block) => block.canary?.requests)).toEqual([1, 4]);
});

test('a histogram that cannot be one is dropped, the counts stay', () => {
  const { blocks } = run(
    [reading('a', 1000, arm(10, 0, [8, 10]))],
    [reading('a', 2000, arm(12, 0, [12, 11]))],
  );
  expect(blocks[0]?.canary).toEqual({ requests: 2, errors: 0 });
});

test('one worker without a histogram leaves the sum without: its requests must not look slow', () => {
  const without: ArmReading = { requests: { '2xx': 2 }, errors: {}, latency: null };
  const { blocks } = run(
    [reading('a', 1000, arm(0, 0))],
    [reading('a', 2000, arm(5, 0)), reading('b', 2000, without)],
  );
  expect(blocks[0]?.canary).toEqual({ requests: 7, errors: 0 });
});

test('no workers or a clock that goes back give no block, and lose nothing', () => {
  const { blocks } = run(
    [reading('a', 1000, arm(10, 0))],
    [],
    [reading('a', 900, arm(12, 0))],
    [reading('a', 5000, arm(15, 0))],
  );
  expect(blocks.map((block) => [block.durationMs, block.canary?.requests])).toEqual([[4000, 5]]);
});

test('the cursor does not grow with workers that crash in a loop', () => {
  let cursor: CounterStep['cursor'] | null = null;
  for (let start = 0; start < 500; start += 1) {
    cursor =
      differenceCounters(cursor, [reading(`worker-${start}`, 1000 * (start + 1), arm(1, 0))])?.cursor ?? null;
  }
  expect(cursor?.readings).toHaveLength(64);
});

const traffic = fc.array(fc.tuple(fc.nat(50), fc.nat(5), fc.boolean()), { minLength: 1, maxLength: 30 });

test('however often it is read, and across worker restarts, whole requests add up to those served', () => {
  fc.assert(
    fc.property(traffic, (steps) => {
      let [ok, failed, worker] = [0, 0, 0];
      let served = 0;
      const scrapes: CounterReading[][] = [[reading('w0', 0, arm(0, 0))]];
      for (const [index, [more, bad, restarts]] of steps.entries()) {
        if (restarts) [ok, failed, worker] = [0, 0, worker + 1];
        [ok, failed] = [ok + more, failed + bad];
        served += more + bad;
        scrapes.push([reading(`w${worker}`, 1000 * (index + 1), arm(ok, failed))]);
      }
      const { blocks } = run(...scrapes);
      const counted = blocks.reduce((sum, block) => sum + (block.canary?.requests ?? 0), 0);
      expect(counted).toBe(served);
      expect(blocks.reduce((sum, block) => sum + block.durationMs, 0)).toBe(1000 * steps.length);
    }),
  );
});
