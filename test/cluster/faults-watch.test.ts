import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
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
    '%s is killed in the middle of writes and comes back: no event is lost',
    async (component) => {
      const scene = await open(`kill-${component}`);
      const witness = scene.witness();
      await scene.churn.steps(20);
      await scene.hasAll(witness);
      const { churn } = scene;
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
