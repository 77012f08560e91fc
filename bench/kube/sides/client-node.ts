import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
import type { Side } from './side.ts';

/** The official client as its README uses it: one `KubeConfig`, one API object, `makeInformer`. */
export function clientNodeSide(kubeconfig: string): Side {
  const config = configOf(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  return {
    reader: async () => {
      const another = configOf(kubeconfig).makeApiClient(CoreV1Api);
      // There is nothing to close: it holds no pool.
      return { get: () => another.readNamespace({ name: 'default' }), close: async () => {} };
    },
    follow: async (namespace, onWritten) => {
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      const informer = makeInformer(config, path, () => api.listNamespacedConfigMap({ namespace }));
      informer.on('update', ({ data }) => {
        if (data?.['at'] !== undefined) onWritten(data['at']);
      });
      await informer.start();
      return { stop: () => informer.stop() };
    },
    hold: async (namespace) => {
      const path = `/api/v1/namespaces/${namespace}/pods`;
      const informer = makeInformer(config, path, () => api.listNamespacedPod({ namespace }));
      await informer.start();
      return { objects: () => informer.list().length, stop: () => informer.stop() };
    },
  };
}

function configOf(kubeconfig: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config;
}
