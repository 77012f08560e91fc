import type { Resource } from '../../../src/kube/object.ts';
import type { AnyObject } from '../kube-cluster.ts';
import type { Chapter } from './scene.ts';

const kind = (path: string, plural: string, name: string): Resource => {
  const [version = '', group = ''] = path.split('/').toReversed();
  return { group, version, plural, kind: name, namespaced: true };
};
const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image: 'shop:1' }] },
};
const selector = { matchLabels: { app: 'web' } };

/** One object of each kind that rollouts meet, as few words as it takes: the rest is the API server's. */
const objects: readonly (readonly [Resource, Readonly<Record<string, unknown>>])[] = [
  [kind('apps/v1', 'replicasets', 'ReplicaSet'), { spec: { replicas: 0, selector, template } }],
  [
    kind('apps/v1', 'statefulsets', 'StatefulSet'),
    { spec: { replicas: 0, serviceName: 'web', selector, template } },
  ],
  [kind('apps/v1', 'daemonsets', 'DaemonSet'), { spec: { selector, template } }],
  [
    kind('autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'),
    { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } } },
  ],
  [
    kind('networking.k8s.io/v1', 'ingresses', 'Ingress'),
    {
      spec: {
        rules: [
          {
            host: 'a.test',
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: 'web', port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    },
  ],
  [kind('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget'), { spec: { minAvailable: 1, selector } }],
  [
    kind('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice'),
    { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] },
  ],
  [kind('v1', 'serviceaccounts', 'ServiceAccount'), {}],
  [kind('v1', 'resourcequotas', 'ResourceQuota'), { spec: { hard: { configmaps: '3', cpu: '0.5' } } }],
];

export const moreKindsChapter: Chapter = {
  name: 'more kinds',
  async run(scene) {
    for (const [resource, body] of objects) {
      const { group, version, kind: name } = resource;
      const apiVersion = group === '' ? version : `${group}/${version}`;
      const metadata = { name: 'web', namespace: scene.namespace };
      const sent: AnyObject = { apiVersion, kind: name, metadata, ...body };
      await scene.create(`create ${name}`, resource, sent);
      await scene.merge(`label ${name}`, resource, 'web', { metadata: { labels: { a: 'b' } } });
      await scene.apply(`apply ${name}`, resource, sent, 'applier');
      await scene.done(`remove ${name}`, scene.client.remove(resource, scene.named(resource, 'web')));
    }
  },
};
