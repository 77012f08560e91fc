import { clientOf, namespaces } from './resources.ts';

/** Where a bench puts its objects. */
export interface Place {
  readonly kubeconfig: string;
  readonly namespace: string;
  remove(): Promise<void>;
}

/** A namespace of its own, since the cluster may be somebody's. */
export async function makePlace(kubeconfig: string): Promise<Place> {
  const client = await clientOf(kubeconfig);
  const namespace = `bench-${process.pid}-${Math.floor(Math.random() * 1e6)}`;
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  await client.create(namespaces, object, { fieldManager: 'bench' });
  const remove = async (): Promise<void> => {
    await client.remove(namespaces, { name: namespace });
    await client.close();
  };
  return { kubeconfig, namespace, remove };
}
