import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { Controller, type Reconcile } from './controller.ts';
import { Fence } from './fencing.ts';
import { Health } from './health.ts';
import { Informer } from './informer.ts';
import { KubeError } from './kube-error.ts';
import { LeaderElector } from './leader-election.ts';
import type { Lease } from './lease.ts';
import { Manager } from './manager.ts';
import type { KubeObject } from './object.ts';
import { ScriptedServer } from './testing/scripted-server.ts';
import { things } from './testing/things.ts';
import { WorkQueue } from './work-queue.ts';

const leaseName = { namespace: 'sluice', name: 'leader' };

interface ProcessOptions {
  readonly hostName?: string;
  readonly said?: string[];
  readonly reconcile?: Reconcile;
}

/** A process: its parts on one clock, with a server for objects and one for the lease. */
function processOn(
  clock: VirtualClock,
  server: ScriptedServer,
  leaseServer: ScriptedServer,
  { hostName = 'a', said = [], reconcile = async () => ({ kind: 'done' }) }: ProcessOptions = {},
) {
  const queue = new WorkQueue(clock);
  const informer = new Informer({ client: server, resource: things, clock, random: () => 0.5 });
  informer.feed(queue);
  const fence = new Fence(clock);
  const elector = new LeaderElector({
    client: leaseServer,
    lease: leaseName,
    hostName,
    newId: () => '1',
    fence,
    clock,
    random: () => 0.5,
    fieldManager: 'test',
  });
  const health = new Health(clock, [informer]);
  const controller = new Controller({
    name: 'things',
    queue,
    clock,
    newId: () => 'id',
    reconcile: async (key, context) => {
      said.push(`${hostName} ${key}`);
      return reconcile(key, context);
    },
  });
  const manager = new Manager({
    clock,
    informers: [informer],
    controllers: [controller],
    elector,
    health,
    flush: [
      async () => {
        said.push(`${hostName} flushes, ${fence.epoch === null ? 'not leading' : 'leading'}`);
        throw new Error('cannot be written');
      },
    ],
    report: ({ message }) => said.push(`${hostName}: ${message}`),
  });
  const stop = new AbortController();
  let end: string | null = null;
  const start = (): void => void manager.run(stop.signal).then((how) => (end = how));
  return { queue, fence, health, stop, start, said, end: () => end };
}

function setUp() {
  const clock = new VirtualClock();
  const server = new ScriptedServer(clock);
  const leaseServer = new ScriptedServer(clock);
  server.put({ name: 'x' });
  const lease = (): Lease | undefined => leaseServer.objects.get('sluice/leader');
  const holder = (): string | undefined => lease()?.spec?.holderIdentity;
  return { clock, server, leaseServer, holder };
}

describe('manager', () => {
  test('only the leader works; when it is stopped, the next one goes on at once', async () => {
    const { clock, server, leaseServer, holder } = setUp();
    const said: string[] = [];
    const a = processOn(clock, server, leaseServer, { hostName: 'a', said });
    const b = processOn(clock, server, leaseServer, { hostName: 'b', said });
    expect(a.health.readyz().ok).toBe(false);
    a.start();
    await clock.runFor(100);
    b.start();
    await clock.runFor(10_000);
    expect([a.health.readyz().ok, b.health.readyz().ok, holder()]).toEqual([true, true, 'a_1']);
    a.stop.abort();
    await clock.runFor(0);
    expect(a.end()).toBe('stopped');
    expect([a.health.readyz().ok, a.fence.epoch, holder()]).toEqual([false, null, 'b_1']);
    expect(said).toEqual(['a x', 'a flushes, leading', 'a: cannot be written', 'b x']);
    b.stop.abort();
    await clock.runFor(0);
    expect([b.end(), holder(), clock.nextMs]).toEqual(['stopped', undefined, null]);
  });

  test('a call that runs has 30 s to end, renewing the lease meanwhile, then it is aborted', async () => {
    const { clock, server, leaseServer, holder } = setUp();
    const ends: string[] = [];
    const a = processOn(clock, server, leaseServer, {
      reconcile: async (key, { signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        ends.push(key);
        return { kind: 'done' };
      },
    });
    a.start();
    await clock.runFor(1000);
    a.stop.abort();
    await clock.runFor(29_999);
    server.put({ name: 'y' });
    expect([ends, a.end(), holder()]).toEqual([[], null, 'a_1']);
    expect(a.fence.check()).toBe(0);
    await clock.runFor(1);
    expect([ends, a.end(), holder()]).toEqual([['x'], 'stopped', undefined]);
    expect(a.said.slice(0, 2)).toEqual(['a x', 'a flushes, leading']);
    expect(clock.nextMs).toBe(null);
  });

  test('a call that does not end keeps the lease from being given back', async () => {
    const { clock, server, leaseServer, holder } = setUp();
    const a = processOn(clock, server, leaseServer, { reconcile: () => new Promise(() => {}) });
    a.start();
    await clock.runFor(1000);
    a.stop.abort();
    await clock.runFor(33_000);
    expect([a.end(), holder()]).toEqual(['stuck', 'a_1']);
  });

  test('a lost lease aborts the calls at once and ends the process', async () => {
    const { clock, server, leaseServer } = setUp();
    const a = processOn(clock, server, leaseServer, {
      reconcile: async (_, { signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        return { kind: 'done' };
      },
    });
    a.start();
    await clock.runFor(1000);
    leaseServer.put(leaseName, {
      spec: { holderIdentity: 'b_1', leaseDurationSeconds: 15, leaseTransitions: 1 },
    });
    await clock.runFor(0);
    expect(a.end()).toBe('lost');
    expect(a.said).toEqual(['a x', 'a flushes, not leading', 'a: cannot be written']);
    expect(clock.nextMs).toBe(null);
  });

  test('stopped before it leads, or before its caches are full, it just ends', async () => {
    const { clock, server, leaseServer } = setUp();
    server.faults = { call: () => ({ kind: 'drop' }) };
    const a = processOn(clock, server, leaseServer, { hostName: 'a' });
    const b = processOn(clock, server, leaseServer, { hostName: 'b' });
    a.start();
    b.start();
    await clock.runFor(10_000);
    a.stop.abort();
    b.stop.abort();
    await clock.runFor(0);
    expect([a.end(), b.end(), a.said.filter((line) => line === 'a x')]).toEqual(['stopped', 'stopped', []]);
    expect(clock.nextMs).toBe(null);
  });

  test('without an election it works when its caches are full', async () => {
    const { clock, server } = setUp();
    const queue = new WorkQueue(clock);
    const informer = new Informer({ client: server, resource: things, clock, random: () => 0.5 });
    informer.feed(queue);
    const keys: string[] = [];
    const controller = new Controller({
      name: 'things',
      queue,
      clock,
      newId: () => 'id',
      reconcile: async (key) => {
        keys.push(`${key} of ${informer.size}`);
        return { kind: 'done' };
      },
    });
    const stop = new AbortController();
    const running = new Manager({ clock, informers: [informer], controllers: [controller] }).run(stop.signal);
    await clock.runFor(1000);
    stop.abort();
    expect(await running).toBe('stopped');
    expect(keys).toEqual(['x of 1']);
  });

  test('a kind that may not be listed holds up the controllers that read it, and no other', async () => {
    const { clock, server } = setUp();
    const refused = new ScriptedServer(clock);
    refused.faults = {
      call: () => ({
        kind: 'error',
        error: new KubeError({ reason: 'Forbidden', code: 403, message: 'no' }),
      }),
    };
    const [good, bad] = [server, refused].map(
      (client) => new Informer({ client, resource: things, clock, random: () => 0.5 }),
    );
    if (good === undefined || bad === undefined) throw new Error('there are two');
    const ran: string[] = [];
    const controller = (name: string, caches?: readonly Informer<KubeObject>[]): Controller => {
      const queue = new WorkQueue(clock);
      queue.add('x');
      const reconcile: Reconcile = async () => {
        ran.push(name);
        return { kind: 'done' };
      };
      const options = { name, queue, clock, newId: () => 'id', reconcile };
      return new Controller(caches === undefined ? options : { ...options, caches });
    };
    const controllers = [
      controller('of one', [good]),
      controller('of both', [good, bad]),
      controller('of all'),
    ];
    const stop = new AbortController();
    const running = new Manager({ clock, informers: [good, bad], controllers }).run(stop.signal);
    await clock.runFor(60_000);
    expect(ran).toEqual(['of one']);
    refused.faults = {};
    await clock.runFor(31_000);
    expect(ran).toEqual(['of one', 'of both', 'of all']);
    stop.abort();
    expect(await running).toBe('stopped');
  });
});
