import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../test/fakes/seeded-random.ts';
import { settled, VirtualClock } from '../../test/fakes/virtual-clock.ts';
import type { KubeClient, WatchEvent, WatchOptions } from './client.ts';
import { type Clock, sleep } from './clock.ts';
import { Fence, fenced } from './fencing.ts';
import { KubeError } from './kube-error.ts';
import { LeaderElector } from './leader-election.ts';
import type { Lease } from './lease.ts';
import type { KubeObject, Resource } from './object.ts';
import { ScriptedServer } from './testing/scripted-server.ts';
import { things } from './testing/things.ts';

/** The clock of a process that can be stopped: time goes on, its timers fire when it goes on. */
class ProcessClock implements Clock {
  #late: (() => void)[] | null = null;
  readonly #world: VirtualClock;

  constructor(world: VirtualClock) {
    this.#world = world;
  }

  nowMs(): number {
    return this.#world.nowMs();
  }

  /** The clocks of two machines differ; nothing may depend on it. */
  wallMs(): number {
    return this.#world.nowMs() + this.wallAheadMs;
  }

  wallAheadMs = 0;

  at(instantMs: number, task: () => void): () => void {
    let isCancelled = false;
    const run = (): void => {
      if (!isCancelled) task();
    };
    const cancel = this.#world.at(instantMs, () => {
      if (this.#late === null) run();
      else this.#late.push(run);
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  /** What reaches a stopped process, it finds when it goes on. */
  reached(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#late === null) resolve();
      else this.#late.push(resolve);
    });
  }

  freeze(): void {
    this.#late = [];
  }

  async resume(): Promise<void> {
    const late = this.#late ?? [];
    this.#late = null;
    for (const run of late) run();
    await settled();
  }
}

/** The server as a process that can be stopped sees it. */
function seenBy(clock: ProcessClock, server: ScriptedServer, lagMs: number): KubeClient {
  const answered = async <Value>(answer: Promise<Value>): Promise<Value> => {
    await answer.catch(() => {});
    await clock.reached();
    return answer;
  };
  const client: KubeClient = Object.create(server);
  client.get = (resource, name) => answered(server.get(resource, name));
  client.create = (resource, object) => answered(server.create(resource, object));
  client.replace = (resource, object) => answered(server.replace(resource, object));
  client.watch = async function* <Item extends KubeObject>(resource: Resource, options?: WatchOptions) {
    const late: Promise<WatchEvent<Item>>[] = [];
    let wake = (): void => {};
    const pump = async (): Promise<void> => {
      for await (const event of server.watch<Item>(resource, options)) {
        late.push(lagMs === 0 ? Promise.resolve(event) : sleep(clock, lagMs).then(() => event));
        wake();
      }
    };
    let hasEnded = false;
    const pumping = pump().finally(() => (hasEnded = true));
    for (;;) {
      const next = late.shift();
      if (next !== undefined) {
        const event = await next;
        await clock.reached();
        yield event;
        continue;
      }
      if (hasEnded) return;
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.race([more, pumping]);
    }
  };
  return client;
}

const name = { namespace: 'sluice', name: 'leader' };

function setUp() {
  const world = new VirtualClock(Date.UTC(2026, 0, 1));
  const server = new ScriptedServer(world);
  const said: string[] = [];
  const startMs = world.nowMs();
  const at = (): string => `${((world.nowMs() - startMs) / 1000).toFixed(1)} s`;
  const candidate = (hostName: string, seed: number, watchLagMs = 0) => {
    const clock = new ProcessClock(world);
    const fence = new Fence(clock);
    const random = new SeededRandom(seed);
    const elector = new LeaderElector({
      client: seenBy(clock, server, watchLagMs),
      lease: name,
      hostName,
      newId: () => `id${seed}`,
      fence,
      clock,
      random: () => random.next(),
      fieldManager: 'test',
    });
    const start = () =>
      elector
        .run((epoch) => said.push(`${at()} ${hostName} leads, epoch ${epoch}`))
        .then((end) => said.push(`${at()} ${hostName} ${end}`));
    return { clock, fence, elector, start };
  };
  const lease = (): Lease | undefined => server.objects.get('sluice/leader');
  return { world, server, said, candidate, lease, at };
}

describe('leader election', () => {
  test('the first one creates the lease, in micro time, and renews it each two seconds with its version', async () => {
    const { world, server, said, candidate, lease } = setUp();
    const a = candidate('a', 1);
    void a.start();
    await world.runFor(1000);
    expect(lease()?.spec).toEqual({
      holderIdentity: 'a_id1',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    await world.runFor(60_000);
    expect(lease()?.spec).toMatchObject({
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:01:00.000000Z',
    });
    expect(said).toEqual(['0.0 s a leads, epoch 0']);
    expect(server.calls.filter((call) => call.startsWith('replace')).length).toBe(30);
    expect(a.fence.check()).toBe(0);
    a.elector.stop({ release: true });
    await world.runFor(0);
    expect(lease()?.spec).toEqual({
      leaseDurationSeconds: 1,
      acquireTime: '2026-01-01T00:01:01.000000Z',
      renewTime: '2026-01-01T00:01:01.000000Z',
      leaseTransitions: 0,
    });
    expect(said.at(-1)).toBe('61.0 s a stopped');
    expect(a.fence.epoch).toBe(null);
    expect(world.nextMs).toBe(null);
  });

  test('a released lease is taken at once, by the watch', async () => {
    const { world, said, candidate } = setUp();
    const a = candidate('a', 1);
    const b = candidate('b', 2);
    void a.start();
    await world.runFor(100);
    void b.start();
    await world.runFor(30_000);
    a.elector.stop({ release: true });
    await world.runFor(0);
    expect(said).toEqual(['0.0 s a leads, epoch 0', '30.1 s a stopped', '30.1 s b leads, epoch 1']);
    b.elector.stop({ release: false });
    await world.runFor(0);
  });

  test('whenever a candidate asks, it takes a silent lease to the instant', async () => {
    for (let seed = 2; seed < 12; seed += 1) {
      const { world, said, candidate } = setUp();
      const a = candidate('a', 1);
      const b = candidate('b', seed);
      void a.start();
      await world.runFor(100);
      void b.start();
      await world.runFor(30_000);
      a.clock.freeze();
      await world.runFor(20_000);
      expect(said.at(-1)).toBe('45.0 s b leads, epoch 1');
    }
  });

  test('a watch that lags by 5 s neither deposes a leader nor makes a lease look young', async () => {
    const { world, server, said, candidate } = setUp();
    const a = candidate('a', 1);
    const b = candidate('b', 2, 5000);
    void a.start();
    await world.runFor(100);
    void b.start();
    await world.runFor(30_000);
    a.clock.freeze();
    // Seen by asking at most 4.4 s after it was written.
    await world.runFor(19_400);
    expect(said.slice(1)).toEqual([expect.stringMatching(/^4[5-9]\.\d s b leads, epoch 1$/)]);
    await world.runFor(20_000);
    expect(said.length).toBe(2);
    const before = said[1] ?? '';
    server.put(name, { spec: { holderIdentity: 'x', leaseDurationSeconds: 15, leaseTransitions: 7 } });
    await world.runFor(5000);
    expect(said.slice(1)).toEqual([before, expect.stringMatching(/b lost$/)]);
  });

  test('a leader whose watch still tells of the time before it is not deposed by it', async () => {
    const { world, said, candidate } = setUp();
    const a = candidate('a', 1);
    const b = candidate('b', 2, 5000);
    void a.start();
    await world.runFor(100);
    void b.start();
    await world.runFor(30_000);
    a.elector.stop({ release: true });
    await world.runFor(30_000);
    expect(said).toEqual([
      '0.0 s a leads, epoch 0',
      '30.1 s a stopped',
      expect.stringMatching(/^3[0-4]\.\d s b leads, epoch 1$/),
    ]);
    expect(b.fence.check()).toBe(1);
    b.elector.stop({ release: false });
    await world.runFor(10_000);
  });

  test('a renewal that is answered after another process was seen to lead counts for nothing', async () => {
    const { world, server, said, candidate } = setUp();
    const a = candidate('a', 1);
    void a.start();
    await world.runFor(3000);
    const replace = server.replace.bind(server);
    server.replace = async (resource, object) => {
      const written = await replace(resource, object);
      server.put(name, { spec: { holderIdentity: 'x', leaseDurationSeconds: 15, leaseTransitions: 7 } });
      await new Promise<void>((resolve) => {
        world.at(world.nowMs() + 1000, resolve);
      });
      return written;
    };
    await world.runFor(1000);
    expect(a.fence.epoch).toBe(null);
    await world.runFor(1000);
    expect([a.fence.epoch, said.at(-1)]).toEqual([null, '5.0 s a lost']);
  });

  test('a lease that was deleted goes on where it was: no epoch comes twice', async () => {
    const { world, server, said, candidate } = setUp();
    server.put(name, { spec: { holderIdentity: 'x', leaseDurationSeconds: 15, leaseTransitions: 7 } });
    const a = candidate('a', 1);
    void a.start();
    await world.runFor(1000);
    server.drop(name);
    await world.runFor(0);
    expect(said).toEqual(['1.0 s a leads, epoch 8']);
  });

  test('a frozen leader is followed 15 s after its last renewal was seen, and knows it when it goes on', async () => {
    const { world, server, said, candidate, lease } = setUp();
    const a = candidate('a', 1);
    const b = candidate('b', 2);
    // A clock that is hours off on one side changes nothing.
    a.clock.wallAheadMs = 7_200_000;
    void a.start();
    await world.runFor(100);
    void b.start();
    await world.runFor(30_000);
    a.clock.freeze();
    await world.runFor(14_800);
    expect(said).toEqual(['0.0 s a leads, epoch 0']);
    await world.runFor(2000);
    expect(said).toEqual(['0.0 s a leads, epoch 0', '45.0 s b leads, epoch 1']);
    const writes = server.calls.length;
    expect(a.fence.remainingMs).toBe(0);
    const client = fenced(server, a.fence);
    const write = client.create(
      things,
      { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'stale' } },
      { fieldManager: 'a' },
    );
    await expect(write).rejects.toMatchObject({ reason: 'NotLeader' });
    await a.clock.resume();
    expect(said.at(-1)).toBe('46.9 s a lost');
    expect(server.calls.slice(writes).filter((call) => !/watch|get/.test(call))).toEqual([]);
    expect(lease()?.spec?.holderIdentity).toBe('b_id2');
    expect(b.fence.check()).toBe(1);
    b.elector.stop({ release: false });
    await world.runFor(0);
  });

  test('a leader that cannot renew stops acting after 8 s and gives up after 10, before anybody else can lead', async () => {
    const { world, server, said, candidate } = setUp();
    const a = candidate('a', 1);
    const b = candidate('b', 2);
    void a.start();
    await world.runFor(100);
    void b.start();
    await world.runFor(29_900);
    server.faults = { call: (verb) => (verb === 'replace' ? { kind: 'stall' } : undefined) };
    const held: number[] = [];
    for (let second = 0; second < 10; second += 1) {
      await world.runFor(1000);
      if (a.fence.epoch !== null) held.push(second + 1);
    }
    expect(held).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(said).toEqual(['0.0 s a leads, epoch 0', '40.0 s a lost']);
    server.faults = {};
    await world.runFor(10_000);
    expect(said.at(-1)).toBe('45.0 s b leads, epoch 1');
    b.elector.stop({ release: false });
    await world.runFor(0);
  });

  test('the answer to the first write is lost: the lease is its own, under a new epoch', async () => {
    const { world, server, said, candidate } = setUp();
    const create = server.create.bind(server);
    server.create = async (resource, object) => {
      await create(resource, object);
      server.create = create;
      throw new KubeError({ reason: 'Unreachable', message: 'reset' });
    };
    const a = candidate('a', 1);
    void a.start();
    await world.runFor(10_000);
    expect(said.length).toBe(1);
    expect(said[0]).toMatch(/^[234]\.\d s a leads, epoch 1$/);
    a.elector.stop({ release: false });
    await world.runFor(0);
  });

  test('a lost answer to a renewal, an edit by a person and a deletion do not cost the lease', async () => {
    const { world, server, said, candidate, lease } = setUp();
    const a = candidate('a', 1);
    void a.start();
    await world.runFor(10_000);
    server.put(name, { ...lease() }, { annotations: { note: 'edited' } });
    await world.runFor(10_000);
    server.drop(name);
    await world.runFor(10_000);
    expect(lease()?.spec).toMatchObject({ holderIdentity: 'a_id1', leaseTransitions: 0 });
    expect(said).toEqual(['0.0 s a leads, epoch 0']);
    server.put(name, { spec: { ...lease()?.spec, holderIdentity: 'thief', leaseTransitions: 5 } });
    await world.runFor(0);
    expect(said.at(-1)).toBe('30.0 s a lost');
    expect(a.fence.epoch).toBe(null);
    expect(lease()?.spec?.holderIdentity).toBe('thief');
  });

  test('without the watch it still works, by asking', async () => {
    const { world, server, said, candidate } = setUp();
    server.faults = {
      call: (verb) =>
        verb === 'watch' || verb === 'list'
          ? { kind: 'error', error: new KubeError({ reason: 'Forbidden', message: 'no watch' }) }
          : undefined,
    };
    const a = candidate('a', 1);
    const b = candidate('b', 2);
    void a.start();
    await world.runFor(100);
    void b.start();
    await world.runFor(20_000);
    a.elector.stop({ release: true });
    await world.runFor(4500);
    expect(said.filter((line) => line.includes('b leads')).length).toBe(1);
    b.elector.stop({ release: false });
    await world.runFor(0);
  });

  test('five processes, frozen and resumed at random: never two that may act, and epochs only rise', async () => {
    let changes = 0;
    for (let seed = 1; seed <= 12; seed += 1) {
      const { world, said, candidate } = setUp();
      const random = new SeededRandom(seed);
      let processes = 0;
      let isOver = false;
      const candidates: ReturnType<typeof candidate>[] = [];
      // Who has lost exits, and its place is filled by a new process.
      const launch = (place: number): void => {
        const launched = candidate(`c${place}`, seed * 1000 + (processes += 1));
        candidates[place] = launched;
        void launched.start().then(() => {
          if (!isOver) launch(place);
        });
      };
      for (let place = 0; place < 5; place += 1) launch(place);
      for (let turn = 0; turn < 500; turn += 1) {
        const chosen = random.pick(candidates);
        const what = random.next();
        if (what < 0.05) chosen.clock.freeze();
        else if (what < 0.1) candidates.find(({ fence }) => fence.epoch !== null)?.clock.freeze();
        else if (what < 0.4) await chosen.clock.resume();
        await world.runFor(random.between(1, 1500));
        expect(candidates.filter(({ fence }) => fence.epoch !== null).length).toBeLessThanOrEqual(1);
      }
      const epochs = said.flatMap((line) => /epoch (\d+)/.exec(line)?.[1] ?? []).map(Number);
      expect(epochs).toEqual([...new Set(epochs)].sort((x, y) => x - y));
      changes += epochs.length;
      isOver = true;
      for (const { clock, elector } of candidates) {
        elector.stop({ release: false });
        await clock.resume();
      }
      await world.runFor(20_000);
    }
    expect(changes).toBeGreaterThan(60);
  });

  test('times that cannot work are refused', () => {
    const { candidate } = setUp();
    expect(candidate('a', 1).elector.identity).toBe('a_id1');
    const world = new VirtualClock();
    const make = () =>
      new LeaderElector({
        client: new ScriptedServer(world),
        lease: name,
        hostName: 'a',
        newId: () => '1',
        fence: new Fence(world),
        clock: world,
        random: () => 0,
        fieldManager: 'test',
        timing: { leaseDurationMs: 10_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 },
      });
    expect(make).toThrow('leaseDuration > renewDeadline > 1.2 × retryPeriod');
  });
});
