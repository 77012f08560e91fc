import { isKubeError } from '../../src/kube/kube-error.ts';
import { loadConfig } from '../../src/kube/config/load-config.ts';
import { createKubeClient } from '../../src/kube/rest/create-kube-client.ts';
import type { Resource } from '../../src/kube/object.ts';
import { recordTrace } from '../conformance/trace/scene.ts';
import { script } from '../conformance/trace/script.ts';
import type { Trace } from '../conformance/trace/trace.ts';
import type { ControlPlane } from './control-plane.ts';

/** Those that act on any object; others would write in between. */
export const controllersOfTrace: readonly string[] = [
  'serviceaccount-controller',
  'namespace-controller',
  'garbage-collector-controller',
];

const serviceAccounts: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
};

/** What a control plane makes of the script. It is to run with `controllersOfTrace`. */
export async function traceOfPlane(plane: ControlPlane): Promise<Trace> {
  const client = createKubeClient(
    await loadConfig({ env: {}, homeFolder: '/', kubeconfig: plane.kubeconfig }),
  );
  try {
    return await recordTrace(
      {
        client,
        wait: (forMs) => new Promise((resolve) => setTimeout(resolve, forMs)),
        // Without it no pod is admitted; its controller may be late.
        settle: async (namespace) => {
          const account = {
            apiVersion: 'v1',
            kind: 'ServiceAccount',
            metadata: { name: 'default', namespace },
          };
          try {
            await client.create(serviceAccounts, account, { fieldManager: 'trace' });
          } catch (thrown) {
            if (!isKubeError(thrown, 'AlreadyExists')) throw thrown;
          }
        },
      },
      script,
    );
  } finally {
    await client.close();
  }
}
