import { systemClock } from '../../../src/kube/clock.ts';
import { Informer } from '../../../src/kube/informer.ts';
import { linkedAbort } from '../../../src/kube/linked-abort.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import { clientOf, type ConfigMap, configMaps, namespaces, pods } from '../resources.ts';
import type { Side } from './side.ts';

export async function oursSide(kubeconfig: string): Promise<Side> {
  const client = await clientOf(kubeconfig);
  const start = async <Item extends KubeObject>(
    resource: Resource,
    namespace: string,
    onChange: (informer: Informer<Item>, key: string) => void,
  ): Promise<{ readonly informer: Informer<Item>; readonly stop: () => Promise<void> }> => {
    const end = linkedAbort();
    const options = { client, resource, clock: systemClock(), random: Math.random, scope: { namespace } };
    const informer = new Informer<Item>(options);
    informer.feed({ add: (key) => onChange(informer, key) });
    const running = informer.run(end.signal);
    await informer.whenSynced(end.signal);
    const stop = async (): Promise<void> => {
      end.abort();
      await running;
    };
    return { informer, stop };
  };
  return {
    reader: async () => {
      const another = await clientOf(kubeconfig);
      return { get: () => another.get(namespaces, { name: 'default' }), close: () => another.close() };
    },
    follow: async (namespace, onWritten) => {
      let last = '';
      const { stop } = await start<ConfigMap>(configMaps, namespace, ({ lister }, key) => {
        const at = lister.get({ name: key })?.data?.['at'] ?? last;
        // A change is told for the object before it and after it.
        if (at !== last) onWritten((last = at));
      });
      return { stop };
    },
    hold: async (namespace) => {
      const { informer, stop } = await start(pods, namespace, () => {});
      return { objects: () => informer.size, stop };
    },
  };
}
