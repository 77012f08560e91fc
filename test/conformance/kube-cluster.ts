import type { KubeClient, WatchEvent } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import type { KubeObject, ObjectMeta, Resource } from '../../src/kube/object.ts';

/** One control plane, fake or real, as the suite sees it. */
export interface ClusterUnderTest {
  readonly client: KubeClient;
  /** Time passes, real or virtual. */
  wait(forMs: number): Promise<void>;
  dispose(): Promise<void>;
}

/** Runs the work on a cluster with a namespace of its own. */
export type OnCluster = (
  work: (cluster: ClusterUnderTest, namespace: string) => Promise<void>,
) => () => Promise<void>;

/** Any object, read without a type of its own. */
export interface AnyObject extends KubeObject {
  readonly metadata: ObjectMeta;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

export const namespaces: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
export const configMaps: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
export const quotas: Resource = {
  group: '',
  version: 'v1',
  plural: 'resourcequotas',
  kind: 'ResourceQuota',
  namespaced: true,
};
export const pods: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
export const deployments: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
export const leases: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
export const crds: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

export const as = { fieldManager: 'conformance' } as const;

export function configMap(
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>>,
  metadata: Partial<ObjectMeta> = {},
): AnyObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...metadata }, data };
}

/** Of no replicas, so that no controller has anything to do. */
export function deployment(
  namespace: string,
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
): AnyObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 0,
      paused: true,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'app', image: 'shop:1' }] },
      },
      ...spec,
    },
  };
}

/** The error of a call that must fail: what a caller can decide by. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ readonly reason: string; readonly code: number; readonly message: string }> {
  try {
    await call;
  } catch (thrown) {
    if (!(thrown instanceof KubeError)) throw thrown;
    return { reason: thrown.reason, code: thrown.code, message: thrown.message.replace(/^[A-Z]+ \S+: /, '') };
  }
  throw new Error('the call was to fail, and did not');
}

/** Polls until it holds. */
export async function until(
  cluster: ClusterUnderTest,
  what: string,
  holds: () => Promise<boolean>,
): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await holds()) return;
    await cluster.wait(50);
  }
  throw new Error(`never came about: ${what}`);
}

/** A namespace of the test's own; with no service accounts or config maps of a controller counted among its objects. */
export async function freshNamespace(cluster: ClusterUnderTest): Promise<string> {
  const made = await cluster.client.create(
    namespaces,
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: `conformance-${Math.random().toString(36).slice(2, 10)}` },
    },
    as,
  );
  return made.metadata.name;
}

/** Reads a watch until `enough`, as `<TYPE> <name>` with what `shown` adds. */
export async function eventsOf(
  watch: AsyncIterable<WatchEvent<AnyObject>>,
  enough: (seen: readonly string[]) => boolean,
  shown: (object: AnyObject) => string = () => '',
): Promise<readonly string[]> {
  const seen: string[] = [];
  for await (const event of watch) {
    if (event.type === 'BOOKMARK') seen.push(event.initialEventsEnd ? 'END' : 'BOOKMARK');
    else seen.push(`${event.type} ${event.object.metadata.name}${shown(event.object)}`);
    if (enough(seen)) break;
  }
  return seen;
}
