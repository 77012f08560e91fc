import { expect, test } from 'vitest';
import { Fence } from '../../src/kube/fencing.ts';
import { LeaderElector } from '../../src/kube/leader-election.ts';
import type { Problem } from '../../src/kube/report.ts';
import { as, leases, namespaces } from '../conformance/kube-cluster.ts';
import { FakeApiServer } from '../fakes/apiserver/api-server.ts';
import { inProcessClient } from '../fakes/apiserver/in-process-client.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { skewedClock } from './skewed-clock.ts';

const name = { namespace: 'default', name: 'leader' };

function setUp(seed: number, namespace = 'default') {
  const world = new VirtualClock();
  const server = new FakeApiServer({ clock: world, seed });
  const problems: Problem[] = [];
  const epochs: number[] = [];
  const candidate = (hostName: string, skewMs: number) => {
    const clock = skewedClock(world, skewMs, Math.abs(skewMs));
    const fence = new Fence(clock);
    const random = new SeededRandom(seed + hostName.length + skewMs);
    const elector = new LeaderElector({
      client: inProcessClient(server),
      lease: { ...name, namespace },
      hostName,
      newId: () => '1',
      fence,
      clock,
      random: () => random.next(),
      fieldManager: 'test',
      report: (problem) => problems.push(problem),
    });
    return { fence, elector, run: () => elector.run((epoch) => epochs.push(epoch)) };
  };
  return { world, server, problems, epochs, candidate };
}

test('clocks that are hours apart neither cost a leader the lease nor keep a dead one in it', async () => {
  const { world, server, epochs, candidate } = setUp(1);
  const slow = candidate('slow', -7_200_000);
  const fast = candidate('fast', 7_200_000);
  const running = slow.run();
  await world.runFor(1000);
  const waiting = fast.run();
  await world.runFor(600_000);
  expect([slow.fence.epoch, fast.fence.epoch, epochs]).toEqual([0, null, [0]]);
  slow.elector.stop({ release: false });
  await world.runFor(1000);
  await running;
  await world.runFor(11_000);
  expect(fast.fence.epoch).toBe(null);
  await world.runFor(5000);
  expect([fast.fence.epoch, epochs]).toEqual([1, [0, 1]]);
  const [lease] = server.objects('leases.coordination.k8s.io');
  expect(lease).toMatchObject({ spec: { holderIdentity: 'fast_1', leaseTransitions: 1 } });
  fast.elector.stop({ release: true });
  await world.runFor(1000);
  await waiting;
});

test('under skew, lost answers and refusals at random: never two that may act, and epochs only rise', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { world, server, epochs, candidate } = setUp(seed);
    const random = new SeededRandom(seed);
    const all = [-3_600_000, -5000, 0, 60_000, 86_400_000].map((skewMs, at) => candidate(`p${at}`, skewMs));
    const stop = new AbortController();
    const follow = async (one: (typeof all)[number]): Promise<void> => {
      while (!stop.signal.aborted) await one.run();
    };
    const running = all.map(follow);
    for (let step = 0; step < 400; step += 1) {
      if (random.chance(0.1))
        server.faults.add(
          random.pick([
            { kind: 'drop', afterWork: true } as const,
            { kind: 'drop', afterWork: false } as const,
            { kind: 'hang' } as const,
            { kind: 'reply', code: 500 } as const,
            { kind: 'reply', code: 429, retryAfterSeconds: 2 } as const,
            { kind: 'delay', delayMs: 4000 } as const,
          ]),
          ({ method }) => method !== 'GET' || random.chance(0.5),
          random.between(1, 5),
        );
      await world.runFor(random.between(1, 3000));
      expect(all.filter(({ fence }) => fence.epoch !== null).length, `seed ${seed}`).toBeLessThan(2);
    }
    expect(epochs, `seed ${seed}`).toEqual([...new Set(epochs)].toSorted((a, b) => a - b));
    stop.abort();
    for (const { elector } of all) elector.stop({ release: true });
    await world.runFor(60_000);
    await Promise.all(running);
  }
});

test('a leader whose namespace is deleted stops, and says why it cannot lead', async () => {
  const { world, server, problems, candidate } = setUp(1, 'gone');
  const admin = inProcessClient(server);
  await admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } }, as);
  const one = candidate('one', 0);
  const running = one.run();
  await world.runFor(1000);
  expect(one.fence.epoch).toBe(0);
  await admin.remove(namespaces, { name: 'gone' });
  await world.runFor(12_000);
  expect(await running).toBe('lost');
  expect(problems.at(-1)?.message).toContain('namespaces "gone" not found');
  expect(server.objects(`${leases.plural}.${leases.group}`)).toEqual([]);
});
