import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/kube/clock.ts';
import { Fence } from '../../src/kube/fencing.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import { LeaderElector } from '../../src/kube/leader-election.ts';
import { as, crds } from '../conformance/kube-cluster.ts';
import { configOf, FaultScene } from '../kube-faults/fault-scene.ts';
import { skewedClock } from '../kube-faults/skewed-clock.ts';
import type { Witness } from '../kube-faults/witness.ts';
import type { ControlPlane } from './control-plane.ts';
import { eventually } from './eventually.ts';
import { type Ledger, ledger, ledgerCrd, ledgers } from './ledgers.ts';
import { startControlPlane } from './start-control-plane.ts';
import { WriterProcess } from './writer-process.ts';

const timing = { leaseDurationMs: 4000, renewDeadlineMs: 3000, retryPeriodMs: 500 };
const keys = 4;

/** Processes are frozen here, not the cluster; but its kinds are made and removed. */
describe.runIf(process.env['USE_EXISTING_CLUSTER'] !== 'true')('two leaders', () => {
  let plane: ControlPlane;
  let scene: FaultScene;
  const writers: WriterProcess[] = [];

  beforeAll(async () => {
    plane = await startControlPlane();
  });
  afterAll(() => plane.stop());
  afterEach(async () => {
    for (const writer of writers.splice(0)) await writer.kill();
    await scene.close();
  });

  const open = async (namespace: string): Promise<Witness> => {
    scene = await FaultScene.open(await configOf(plane.kubeconfig), namespace);
    const { admin } = scene;
    await admin.create(crds, ledgerCrd, as).catch(() => null);
    for (let at = 0; at < keys; at += 1)
      await eventually(() => admin.create<KubeObject>(ledgers, ledger(namespace, `l${at}`), as));
    const witness = scene.witness(scene.client(), ledgers);
    await scene.holds(witness);
    return witness;
  };

  const start = (name: string, isStubborn = false): WriterProcess => {
    const { kubeconfig } = plane;
    const options = { kubeconfig, namespace: scene.namespace, name, timing, marginMs: 500, isStubborn };
    const writer = new WriterProcess(options);
    writers.push(writer);
    return writer;
  };

  test('a leader is frozen past its lease and resumed: it writes nothing more, and no key runs twice', async () => {
    const witness = await open('frozen');
    let leader = start('w0');
    await leader.told('wrote', 20);
    for (const name of ['w1', 'w2']) {
      const next = start(name);
      await next.told('ready');
      expect(next.of('elected')).toEqual([]);
      leader.freeze();
      await next.told('wrote', 20);
      leader.resume();
      await leader.gone();
      expect(leader.of('ended')).toEqual([{ kind: 'ended', how: 'lost' }]);
      await next.told('wrote', 60);
      leader = next;
    }
    await leader.terminate();
    expect(leader.of('ended')).toEqual([{ kind: 'ended', how: 'stopped' }]);
    expect(writers.flatMap((writer) => writer.of('twice'))).toEqual([]);
    expect(writers.map((writer) => writer.of('elected').map(({ epoch }) => epoch))).toEqual([[0], [1], [2]]);
    await scene.holds(witness);
    expect(landed(witness)).toEqual(['w0 under 0', 'w1 under 1', 'w2 under 2']);
    // The fence was in time: nothing came as far as the server, which would have refused it.
    const reasons = writers.flatMap((writer) => writer.of('refused').map(({ reason }) => reason));
    expect(reasons).not.toContain('Invalid');
    const versions = new Set(writes(witness).map(({ version }) => version));
    const answered = writers.flatMap((writer) => writer.of('wrote'));
    expect(answered.filter(({ version }) => !versions.has(Number(version)))).toEqual([]);
  });

  test('one that keeps to no fence is refused by the epoch in the status, key by key', async () => {
    const witness = await open('stubborn');
    const stubborn = start('w0', true);
    await stubborn.told('wrote', 20);
    const next = start('w1');
    await next.told('ready');
    stubborn.freeze();
    await next.told('wrote', 40);
    const before = stubborn.of('wrote').length;
    stubborn.resume();
    await stubborn.told('refused', 40);
    await next.told('wrote', 80);
    const refused = stubborn.of('refused');
    expect([...new Set(refused.map(({ reason }) => reason))]).toEqual(['Invalid']);
    expect(refused[0]?.message).toContain('a later leader has written here');
    expect(stubborn.of('wrote').length - before).toBeLessThanOrEqual(keys);
    await Promise.all([stubborn.terminate(), next.terminate()]);
    await scene.holds(witness);
    expect(landed(witness)).toEqual(['w0 under 0', 'w1 under 1']);
  });

  test('clocks two hours apart: a lease is over when it was not seen to change, whatever is written in it', async () => {
    scene = await FaultScene.open(await configOf(plane.kubeconfig), 'skewed');
    const candidate = (hostName: string, skewMs: number) => {
      const clock = skewedClock(systemClock(), skewMs, skewMs);
      const fence = new Fence(clock, { renewDeadlineMs: timing.renewDeadlineMs, marginMs: 500 });
      const elector = new LeaderElector({
        client: scene.admin,
        lease: { namespace: scene.namespace, name: 'leader' },
        hostName,
        newId: () => '1',
        fence,
        clock,
        random: Math.random,
        fieldManager: hostName,
        timing,
      });
      return { fence, elector };
    };
    const slow = candidate('slow', -3_600_000);
    const fast = candidate('fast', 3_600_000);
    const running = slow.elector.run();
    await eventually(() => (slow.fence.epoch === 0 ? true : null));
    const waiting = fast.elector.run();
    const untilMs = performance.now() + timing.leaseDurationMs + 1000;
    await eventually(() => {
      expect(fast.fence.epoch).toBe(null);
      return performance.now() > untilMs || null;
    });
    slow.elector.stop({ release: false });
    await running;
    const stoppedMs = performance.now();
    await eventually(() => (fast.fence.epoch === 1 ? true : null));
    expect(performance.now() - stoppedMs).toBeGreaterThan(
      timing.leaseDurationMs - timing.retryPeriodMs - 1000,
    );
    fast.elector.stop({ release: true });
    await waiting;
  });
});

interface Write {
  readonly version: number;
  readonly key: string;
  readonly by: string;
  readonly epoch: number;
}

/** Every write of a leader, in the order of the server. */
function writes(witness: Witness): readonly Write[] {
  return witness.runs
    .flatMap(({ events }) => events)
    .flatMap(({ version, key, object }) => {
      const { status } = object as Ledger;
      return status === undefined ? [] : [{ version, key, by: status.by, epoch: status.epoch }];
    });
}

/** Who wrote under which epoch; whoever comes back for even one write of one key is there twice. */
function landed(witness: Witness): readonly string[] {
  const byKey = Map.groupBy(writes(witness), ({ key }) => key);
  const turns = [...byKey.values()].map((ofKey) =>
    ofKey.map(({ by, epoch }) => `${by} under ${epoch}`).filter((turn, at, all) => turn !== all[at - 1]),
  );
  const [first = []] = turns;
  return turns.every((turn) => turn.join() === first.join()) ? first : turns.flat();
}
