import { expect, test } from 'vitest';
import { SeededRandom } from '../../test/fakes/seeded-random.ts';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { KeyQueue } from './key-queue.ts';

interface Rig {
  readonly clock: VirtualClock;
  readonly queue: KeyQueue;
  readonly begun: string[];
  /** Ends the run of a key under way. */
  readonly finish: (key: string, error?: Error) => void;
}

function rig(concurrency = 2): Rig {
  const clock = new VirtualClock(0);
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const queue = new KeyQueue({
    clock,
    random: new SeededRandom(1),
    concurrency,
    backoff: { baseMs: 100, limitMs: 1_000 },
    run: (key) => {
      begun.push(`${key}@${clock.nowMs()}`);
      return new Promise((resolve, reject) => {
        ends.set(key, (error) => (error === undefined ? resolve() : reject(error)));
      });
    },
    onError: () => undefined,
  });
  return { clock, queue, begun, finish: (key, error) => ends.get(key)?.(error) };
}

test('a key never runs twice at once, and once more if it was added meanwhile', async () => {
  const { clock, queue, begun, finish } = rig();
  queue.add('a');
  queue.add('a');
  queue.add('a');
  await clock.runFor(10);
  expect(begun).toEqual(['a@0']);
  finish('a');
  await clock.runFor(10);
  expect(begun).toEqual(['a@0', 'a@10']);
  finish('a');
  await clock.runFor(10);
  expect(begun).toHaveLength(2);
});

test('no more keys run at once than places, in the order in which they came', async () => {
  const { clock, queue, begun, finish } = rig(2);
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
  await clock.runFor(1);
  expect(begun).toEqual(['a@0', 'b@0']);
  finish('b');
  await clock.runFor(1);
  expect(begun).toEqual(['a@0', 'b@0', 'c@1']);
});

test('of several instants the earliest counts, and a run settles them all', async () => {
  const { clock, queue, begun, finish } = rig();
  queue.addAt('a', 500);
  queue.addAt('a', 200);
  queue.addAt('a', 900);
  await clock.runUntil(300);
  finish('a');
  await clock.runUntil(2_000);
  expect(begun).toEqual(['a@200']);
});

test('failures back off, doubling to the limit, and a success starts anew', async () => {
  const { clock, queue, begun, finish } = rig();
  queue.add('a');
  for (let failures = 0; failures < 6; failures += 1) {
    await clock.runFor(0);
    finish('a', new Error('no'));
    await clock.runFor(1_000);
  }
  const instants = begun.map((entry) => Number(entry.split('@')[1]));
  const waits = instants.slice(1).map((instant, index) => instant - index * 1_000);
  const isGrowing = waits.every((wait, index) => index === 0 || wait >= (waits[index - 1] ?? 0) * 0.7);
  expect([begun.length, isGrowing, Math.max(...waits) <= 1_000]).toEqual([7, true, true]);
  finish('a');
  await clock.runFor(5_000);
  expect(begun).toHaveLength(7);
});

test('a key that is forgotten or a queue that is stopped runs nothing more', async () => {
  const { clock, queue, begun } = rig();
  queue.addAt('a', 100);
  queue.forget('a');
  queue.addAt('b', 100);
  queue.stop();
  queue.add('c');
  await clock.runFor(1_000);
  expect([begun, queue.load]).toEqual([[], { waiting: 0, running: 0, timers: 0 }]);
});
