import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { settled, VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { priorities, WorkQueue } from './work-queue.ts';

/** Takes keys until the shutdown; each runs for `runMs(key)`. */
function work(queue: WorkQueue, clock: VirtualClock, runMs: (key: string) => number, log: string[]): void {
  const next = async (): Promise<void> => {
    const startMs = clock.nowMs();
    const taken = await queue.take();
    if (taken === null) {
      log.push(`end ${startMs <= clock.nowMs()}`);
      return;
    }
    log.push(`start ${taken.key}`);
    clock.at(clock.nowMs() + runMs(taken.key), () => {
      log.push(`done ${taken.key}`);
      queue.done(taken.key);
      void next();
    });
  };
  void next();
}

describe('work queue', () => {
  test('a key added many times runs once; added while it runs, it runs once more, not at once', async () => {
    const clock = new VirtualClock();
    const queue = new WorkQueue(clock);
    const log: string[] = [];
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    expect(queue.depth).toBe(2);
    work(queue, clock, () => 100, log);
    work(queue, clock, () => 100, log);
    await clock.runFor(50);
    queue.add('a');
    queue.add('a');
    await clock.runFor(1000);
    expect(log).toEqual(['start a', 'start b', 'done a', 'start a', 'done b', 'done a']);
  });

  test('higher priorities run first, the longest waiting first; a key rises and never sinks', async () => {
    const clock = new VirtualClock();
    const queue = new WorkQueue(clock);
    queue.add('resync 1', priorities.low);
    queue.add('resync 2', priorities.low);
    queue.add('event 1');
    queue.add('rollback', priorities.high);
    queue.add('event 2');
    queue.add('event 1', priorities.low);
    queue.add('resync 2');
    const order: string[] = [];
    for (let at = 0; at < 5; at += 1) {
      const taken = await queue.take();
      order.push(`${taken?.key} ${taken?.priority}`);
    }
    expect(order).toEqual(['rollback 100', 'resync 2 0', 'event 1 0', 'event 2 0', 'resync 1 -100']);
    expect(queue.depth).toBe(0);
    const next = queue.take();
    queue.add('event 3');
    expect(await next).toEqual({ key: 'event 3', priority: 0 });
  });

  test('a delayed key keeps its earliest instant and its highest priority; added for now, it waits no more', async () => {
    const clock = new VirtualClock(0);
    const queue = new WorkQueue(clock);
    const runs: string[] = [];
    const take = async (): Promise<void> => {
      for (let taken = await queue.take(); taken !== null; taken = await queue.take()) {
        runs.push(`${taken.key} ${taken.priority} at ${clock.nowMs()}`);
        queue.done(taken.key);
      }
    };
    void take();
    queue.addAfter('a', 5000, 100);
    queue.addAfter('a', 3000);
    queue.addAfter('a', 4000);
    queue.addAfter('b', 1000, -100);
    queue.addAfter('c', 9000, 100);
    expect(queue.delayed).toBe(3);
    await clock.runFor(2000);
    queue.add('c', -100);
    queue.addAfter('d', 0);
    await clock.runFor(20_000);
    expect(runs).toEqual(['b -100 at 1000', 'c 100 at 2000', 'd 0 at 2000', 'a 100 at 3000']);
    expect(clock.nextMs).toBe(null);
  });

  test('a failing key waits 5 ms, doubled up to 1000 s; forgotten, it starts anew', async () => {
    const clock = new VirtualClock(0);
    const queue = new WorkQueue(clock);
    const delays: number[] = [];
    const fail = async (): Promise<void> => {
      const beforeMs = clock.nowMs();
      queue.addRateLimited('a');
      while (queue.delayed > 0) await clock.step();
      await queue.take();
      delays.push(clock.nowMs() - beforeMs);
      queue.done('a');
    };
    for (let at = 0; at < 20; at += 1) await fail();
    expect(delays).toEqual([
      ...Array.from({ length: 18 }, (_, attempt) => 5 * 2 ** attempt),
      1_000_000,
      1_000_000,
    ]);
    expect(queue.failures('a')).toBe(20);
    queue.forget('a');
    await fail();
    expect(delays.at(-1)).toBe(5);
  });

  test('after a hundred failures at once, ten a second are tried again; at least as late as the server says', () => {
    const clock = new VirtualClock(0);
    const queue = new WorkQueue(clock);
    for (let at = 0; at < 120; at += 1) queue.addRateLimited(`key ${at}`);
    expect(clock.nextMs).toBe(5);
    const taken: number[] = [];
    const take = async (): Promise<void> => {
      for (let next = await queue.take(); next !== null; next = await queue.take()) taken.push(clock.nowMs());
    };
    void take();
    return clock.runFor(5000).then(() => {
      expect(taken.filter((ms) => ms === 5).length).toBe(100);
      expect(taken.slice(100).map(Math.round)).toEqual(Array.from({ length: 20 }, (_, at) => (at + 1) * 100));
      queue.addRateLimited('late', 0, 60_000);
      expect(clock.nextMs).toBe(65_000);
    });
  });

  test('the shutdown takes nothing more and waits for what runs; with drain, what is there still runs', async () => {
    for (const drain of [false, true]) {
      const clock = new VirtualClock();
      const queue = new WorkQueue(clock);
      const log: string[] = [];
      work(queue, clock, () => 100, log);
      for (const key of ['a', 'b']) queue.add(key);
      queue.addAfter('c', 10);
      await settled();
      let hasEnded = false;
      void queue.shutDown({ drain }).then(() => (hasEnded = true));
      queue.add('d');
      queue.add('a');
      queue.addRateLimited('e');
      await clock.runFor(50);
      expect(hasEnded).toBe(false);
      await clock.runFor(1000);
      expect(hasEnded).toBe(true);
      expect(log).toEqual(
        drain ? ['start a', 'done a', 'start b', 'done b', 'end true'] : ['start a', 'done a', 'end true'],
      );
      expect(clock.nextMs).toBe(null);
      expect(await queue.take()).toBe(null);
    }
  });

  test('never the same key twice at once; nothing lost; a delay is never overslept', async () => {
    const operation = fc.record({
      kind: fc.constantFrom('add', 'addAfter', 'addRateLimited', 'forget'),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      delayMs: fc.integer({ min: 0, max: 500 }),
      priority: fc.constantFrom(-100, 0, 100),
      pauseMs: fc.integer({ min: 0, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 1, maxLength: 5 }),
        async (operations, workers, runTimesMs) => {
          const clock = new VirtualClock(0);
          const queue = new WorkQueue(clock);
          const running = new Set<string>();
          const overlaps: string[] = [];
          /** Per key: the instants by which it must have been startable, those that no later start has met. */
          const owed = new Map<string, number[]>();
          let runs = 0;
          const work = async (): Promise<void> => {
            for (let taken = await queue.take(); taken !== null; taken = await queue.take()) {
              const { key } = taken;
              if (running.has(key)) overlaps.push(key);
              running.add(key);
              owed.set(key, []);
              runs += 1;
              const runMs = runTimesMs[runs % runTimesMs.length] ?? 0;
              await new Promise<void>((resolve) => {
                clock.at(clock.nowMs() + runMs, resolve);
              });
              running.delete(key);
              queue.done(key);
            }
          };
          for (let at = 0; at < workers; at += 1) void work();
          const owe = (key: string, byMs: number): void => {
            owed.set(key, [...(owed.get(key) ?? []), byMs]);
          };
          for (const { kind, key, delayMs, priority, pauseMs } of operations) {
            if (kind === 'add') queue.add(key, priority);
            if (kind === 'addAfter') queue.addAfter(key, delayMs, priority);
            if (kind === 'addRateLimited') queue.addRateLimited(key, priority);
            if (kind === 'forget') queue.forget(key);
            else owe(key, kind === 'addAfter' ? clock.nowMs() + delayMs : Number.POSITIVE_INFINITY);
            await clock.runFor(pauseMs);
            // With a worker free, no key that is not running waits past the earliest instant it was given.
            if (running.size < workers) {
              for (const [key, instants] of owed) {
                if (!running.has(key)) expect(Math.min(...instants)).toBeGreaterThanOrEqual(clock.nowMs());
              }
            }
          }
          await clock.runFor(3_000_000);
          expect(overlaps).toEqual([]);
          expect([...owed.values()].flat()).toEqual([]);
          expect([queue.depth, queue.delayed, queue.runningMs().length]).toEqual([0, 0, 0]);
          expect(runs).toBeLessThanOrEqual(operations.length);
        },
      ),
      { numRuns: 150 },
    );
  });
});
