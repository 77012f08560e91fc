import type { KubeClient } from '../../src/kube/client.ts';
import { quantile } from '../bench.ts';
import { startChild } from './child.ts';
import { ownerOf, type Pod, realisticPod, readyStatus } from './realistic-pod.ts';
import { clientOf, configMap, configMaps, pods } from './resources.ts';
import type { SideCommands } from './sides/side-main.ts';

/** Pods as a controller manager creates them and a kubelet reports them: three writers' `managedFields` and all. */
export async function createPods(kubeconfig: string, namespace: string, count: number): Promise<void> {
  const client = await clientOf(kubeconfig);
  const { metadata } = await client.create(configMaps, configMap(namespace, 'owner', {}), {
    fieldManager: 'bench',
  });
  const owner = ownerOf(metadata);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++)
      await createPod(client, realisticPod(namespace, index, owner), index);
  };
  await Promise.all(Array.from({ length: 24 }, work));
  await client.close();
}

async function createPod(client: KubeClient, pod: Pod, index: number): Promise<void> {
  const { namespace = '', name } = pod.metadata;
  await client.create(pods, pod, { fieldManager: 'kube-controller-manager' });
  await client.patch(
    pods,
    { namespace, name },
    { type: 'merge', body: { status: readyStatus(pod, index) } },
    { fieldManager: 'kubelet', subresource: 'status' },
  );
}

/** Bytes that an informer of each side keeps for a pod: a new process each time, ours and theirs in turns, the median. */
export async function measureHeld(
  kubeconfig: string,
  namespace: string,
  rounds: number,
): Promise<{ readonly ours: number; readonly clientNode: number; readonly objects: number }> {
  const found = { ours: [] as number[], 'client-node': [] as number[] };
  let objects = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    for (const which of ['ours', 'client-node'] as const) {
      const side = startChild<SideCommands>('sides/side-main.ts', [which, kubeconfig]);
      // Code that the first list brings in is not the objects'.
      await side.call('hold', { namespace: 'kube-system' });
      await side.call('release');
      const held = await side.call('hold', { namespace });
      await side.stop();
      found[which].push(held.bytes / held.objects);
      objects = Math.min(objects, held.objects);
    }
  }
  return {
    ours: quantile(found.ours, 0.5),
    clientNode: quantile(found['client-node'], 0.5),
    objects,
  };
}
