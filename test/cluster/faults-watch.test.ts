import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/kube/clock.ts';
import { Fence } from '../../src/kube/fencing.ts';
import { LeaderElector } from '../../src/kube/leader-election.ts';
import { connectionLaws } from '../kube-faults/connection-laws.ts';
import { configOf, FaultScene } from '../kube-faults/fault-scene.ts';
import { compact } from './compact.ts';
import type { ControlPlane } from './control-plane.ts';
import { eventually } from './eventually.ts';
import { startControlPlane } from './start-control-plane.ts';

/** Nothing of a cluster that is not ours is killed. */
describe.runIf(process.env['USE_EXISTING_CLUSTER'] !== 'true')('informers and reflectors', () => {
  let plane: ControlPlane;
  let opened: FaultScene | null = null;

  beforeAll(async () => {
    plane = await startControlPlane();
  });
  afterAll(() => plane.stop());
  afterEach(async () => opened?.close());

  const open = async (namespace: string): Promise<FaultScene> => {
    opened = await FaultScene.open(await configOf(plane.kubeconfig), namespace);
    return opened;
  };

  connectionLaws(open);

  test.each(['kube-apiserver', 'etcd'] as const)(
    '%s is killed in the middle of writes and comes back: no event is lost, and no lease',
    async (component) => {
      const scene = await open(`kill-${component}`);
      const witness = scene.witness();
      await scene.churn.steps(20);
      await scene.hasAll(witness);
      const { churn } = scene;
      const { elector, fence, renewals } = leader(scene);
      const leading = elector.run();
      await eventually(() => (fence.epoch === 0 ? true : null));
      await Promise.all([
        plane.kill(component),
        eventually(async () => ((await churn.step()) ? null : true)),
      ]);
      expect(churn.failed).toBeGreaterThan(0);
      await Promise.all([
        plane.restart(component),
        eventually(async () => ((await churn.step()) ? true : null)),
      ]);
      await churn.steps(20);
      await scene.hasAll(witness);
      const before = renewals();
      await eventually(() => (renewals() > before ? true : null));
      expect(fence.epoch).toBe(0);
      elector.stop({ release: true });
      expect(await leading).toBe('stopped');
    },
  );

  test('what etcd has compacted and no cache holds is listed anew', async () => {
    const scene = await open('compacted');
    const witness = scene.witness();
    await scene.churn.steps(10);
    await scene.hasAll(witness);
    scene.proxy.weather = { kind: 'refuse' };
    scene.proxy.reset();
    await scene.churn.steps(20);
    await compact(plane);
    await plane.restart('kube-apiserver');
    await scene.churn.steps(5);
    scene.proxy.weather = { kind: 'fair' };
    await scene.hasAll(witness);
    expect(witness.reasons).toContain('Expired');
    expect(witness.runs.length).toBe(2);
  });

  test('a storage that was set back to a backup is listed anew, though a watch of a later version says nothing', async () => {
    const scene = await open('set-back');
    const data = join(plane.folder, 'etcd');
    const backup = join(plane.folder, 'backup');
    const witness = scene.witness();
    await scene.churn.steps(10);
    await plane.kill('etcd');
    await cp(data, backup, { recursive: true });
    await plane.restart('etcd');
    await scene.churn.steps(200);
    await scene.hasAll(witness);
    await plane.kill('etcd');
    await rm(data, { recursive: true });
    await rename(backup, data);
    await plane.restart('etcd');
    await plane.restart('kube-apiserver');
    await scene.churn.steps(5);
    await scene.holds(witness);
  });
});

/** A leader that has the patience for a restart, and how often it has renewed its lease. */
function leader({ admin, namespace }: FaultScene): {
  readonly elector: LeaderElector;
  readonly fence: Fence;
  readonly renewals: () => number;
} {
  const clock = systemClock();
  const fence = new Fence(clock, { renewDeadlineMs: 50_000, marginMs: 1000 });
  let count = 0;
  const renewed = fence.renewed.bind(fence);
  fence.renewed = (...renewal) => {
    count += 1;
    renewed(...renewal);
  };
  const elector = new LeaderElector({
    client: admin,
    lease: { namespace, name: 'leader' },
    hostName: 'one',
    newId: () => '1',
    fence,
    clock,
    random: Math.random,
    fieldManager: 'one',
    timing: { leaseDurationMs: 60_000, renewDeadlineMs: 50_000, retryPeriodMs: 250 },
  });
  return { elector, fence, renewals: () => count };
}
