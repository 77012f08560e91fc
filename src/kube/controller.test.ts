import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { Controller, type Reconcile, type ReconcileOutcome } from './controller.ts';
import { retryOnConflict } from './conflict-retry.ts';
import { KubeError } from './kube-error.ts';
import { WorkQueue } from './work-queue.ts';
import { WrittenVersions } from './written-versions.ts';

function setUp(reconcile: Reconcile, { concurrency = 1, timeoutMs = 60_000 } = {}) {
  const clock = new VirtualClock(0);
  const queue = new WorkQueue(clock);
  const versions = new WrittenVersions(clock);
  const outcomes: (ReconcileOutcome | 'timed out')[] = [];
  const problems: string[] = [];
  let ids = 0;
  const controller = new Controller({
    name: 'things',
    queue,
    reconcile,
    clock,
    newId: () => `r${(ids += 1)}`,
    concurrency,
    timeoutMs,
    versions,
    report: ({ where, message }) => problems.push(`${where}: ${message}`),
    observer: {
      started: () => {},
      ended: (outcome) => outcomes.push(outcome),
      timedOut: () => outcomes.push('timed out'),
    },
  });
  const abort = new AbortController();
  const running = controller.run(abort.signal);
  return { clock, queue, versions, outcomes, problems, controller, abort, running };
}

describe('controller', () => {
  test('done waits for a change, requeueAfter for its time, an error longer each time, terminal for a change', async () => {
    const runs: string[] = [];
    const { clock, queue, outcomes, problems } = setUp(async (key, { failures, reconcileId }) => {
      runs.push(`${key} at ${clock.nowMs()}, failed ${failures}, ${reconcileId}`);
      if (key === 'later') return { kind: 'requeueAfter', delayMs: 40_000 };
      if (key === 'bad') return { kind: 'terminal', error: new Error('never') };
      if (key === 'flaky' && failures < 2) return { kind: 'error', error: new Error('again') };
      return { kind: 'done' };
    });
    for (const key of ['good', 'later', 'bad', 'flaky']) queue.add(key);
    await clock.runFor(60_000);
    expect(runs).toEqual([
      'good at 0, failed 0, r1',
      'later at 0, failed 0, r2',
      'bad at 0, failed 0, r3',
      'flaky at 0, failed 0, r4',
      'flaky at 5, failed 1, r5',
      'flaky at 15, failed 2, r6',
      'later at 40000, failed 0, r7',
    ]);
    expect(outcomes).toEqual(['done', 'requeueAfter', 'terminal', 'error', 'error', 'done', 'requeueAfter']);
    expect(problems).toEqual([
      'controller things, key bad, reconcile r3: never',
      'controller things, key flaky, reconcile r4: again',
      'controller things, key flaky, reconcile r5: again',
    ]);
    expect(queue.failures('flaky')).toBe(0);
  });

  test('what is thrown stops one call: from the client an error, else a panic; the server says when to come again', async () => {
    const runs: string[] = [];
    const { clock, queue, outcomes } = setUp((key, { failures }) => {
      runs.push(`${key} at ${clock.nowMs()}`);
      if (failures > 0) return Promise.resolve({ kind: 'done' });
      if (key === 'busy')
        throw new KubeError({ reason: 'TooManyRequests', message: 'busy', retryAfterMs: 7000 });
      throw new TypeError('a bug');
    });
    queue.add('bug');
    queue.add('busy');
    await clock.runFor(10_000);
    expect(runs).toEqual(['bug at 0', 'busy at 0', 'bug at 5', 'busy at 7000']);
    expect(outcomes).toEqual(['panic', 'error', 'done', 'done']);
  });

  test('a call past its deadline is told; its key runs again only after it has ended', async () => {
    const runs: string[] = [];
    const { clock, queue, outcomes } = setUp(
      async (key, { signal }) => {
        runs.push(`start ${clock.nowMs()}`);
        if (runs.length > 1) return { kind: 'done' };
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => clock.at(clock.nowMs() + 500, resolve)),
        );
        runs.push(`end ${key} ${clock.nowMs()}`);
        return { kind: 'done' };
      },
      { concurrency: 2, timeoutMs: 1000 },
    );
    queue.add('slow');
    await clock.runFor(100);
    queue.add('slow');
    await clock.runFor(10_000);
    expect(runs).toEqual(['start 0', 'end slow 1500', 'start 1500']);
    expect(outcomes).toEqual(['timed out', 'done', 'done']);
    expect(clock.nextMs).toBe(null);
  });

  test('so many keys at once as it may', async () => {
    let atOnce = 0;
    let most = 0;
    const { clock, queue } = setUp(
      async () => {
        most = Math.max(most, (atOnce += 1));
        await new Promise<void>((resolve) => {
          clock.at(clock.nowMs() + 100, resolve);
        });
        atOnce -= 1;
        return { kind: 'done' };
      },
      { concurrency: 3 },
    );
    for (let key = 0; key < 9; key += 1) queue.add(`k${key}`);
    await clock.runFor(300);
    expect([most, queue.depth, atOnce]).toEqual([3, 0, 0]);
  });

  test('a key whose writes the cache does not show waits for them, and holds no worker meanwhile', async () => {
    const runs: string[] = [];
    const listeners = new Set<() => void>();
    const cache = {
      resourceVersion: '5',
      lister: { get: () => undefined },
      onProgress: (listener: () => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const { clock, queue, versions } = setUp(async (key) => {
      runs.push(`${key} at ${clock.nowMs()}`);
      return { kind: 'done' };
    });
    versions.wrote('k', cache, {
      apiVersion: 'v1',
      kind: 'T',
      metadata: { name: 'k', resourceVersion: '9' },
    });
    queue.add('k');
    queue.add('other');
    await clock.runFor(20);
    cache.resourceVersion = '9';
    for (const listener of listeners) listener();
    await clock.runFor(20);
    expect(runs).toEqual(['other at 0', 'k at 20']);
  });

  test('stopped, it ends its calls and queues nothing any more', async () => {
    let ends = 0;
    const { clock, queue, controller, abort, running } = setUp(async (_, { signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      ends += 1;
      return { kind: 'requeueAfter', delayMs: 10 };
    });
    queue.add('a');
    queue.add('b');
    await clock.runFor(10);
    const stopped = controller.stop();
    abort.abort();
    await Promise.all([stopped, running]);
    await clock.runFor(1000);
    expect([ends, queue.depth, queue.delayed]).toEqual([1, 0, 0]);
  });
});

describe('retry on conflict', () => {
  const conflict = new KubeError({ reason: 'Conflict', message: 'changed', code: 409 });

  test('five tries, 10 ms apart; other errors at once', async () => {
    const clock = new VirtualClock(0);
    const tries: number[] = [];
    const trying = retryOnConflict(
      clock,
      () => 1,
      async () => {
        tries.push(clock.nowMs());
        throw conflict;
      },
    ).catch((thrown: unknown) => thrown);
    await clock.runFor(1000);
    expect(await trying).toBe(conflict);
    expect(tries).toEqual([0, 11, 22, 33, 44]);
    let calls = 0;
    const refused = retryOnConflict(clock, Math.random, async () => {
      calls += 1;
      throw new KubeError({ reason: 'Forbidden', message: 'no' });
    });
    await expect(refused).rejects.toMatchObject({ reason: 'Forbidden' });
    expect(calls).toBe(1);
    const second = retryOnConflict(
      clock,
      () => 0,
      async () => {
        if ((calls += 1) < 3) throw conflict;
        return calls;
      },
    );
    await clock.runFor(100);
    expect(await second).toBe(3);
  });
});
