import { builtInSchema } from './builtin-schema.ts';
import type { Kind } from './kinds.ts';

const none: readonly string[] = [];

interface Row {
  readonly shortNames?: readonly string[];
  readonly clusterWide?: boolean;
  readonly status?: boolean;
  readonly generation?: boolean;
  readonly scale?: boolean;
  readonly conditional?: boolean;
  readonly selectable?: readonly string[];
}

function builtIn(group: string, path: string, plural: string, kind: string, row: Row = {}): Kind {
  return {
    group,
    version: path.split('/')[1] ?? 'v1',
    plural,
    kind,
    namespaced: row.clusterWide !== true,
    shortNames: row.shortNames ?? none,
    schema: builtInSchema(path, kind),
    hasStatus: row.status === true,
    scale:
      row.scale === true
        ? { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' }
        : null,
    hasGeneration: row.generation === true,
    unconditionalUpdate: row.conditional !== true,
    builtIn: true,
    selectable: row.selectable ?? none,
  };
}

const workload: Row = { status: true, generation: true, scale: true };

/** The kinds that are always served. */
export const builtInKinds: readonly Kind[] = [
  builtIn('', 'core/v1', 'namespaces', 'Namespace', {
    clusterWide: true,
    shortNames: ['ns'],
    status: true,
    selectable: ['status.phase'],
  }),
  builtIn('', 'core/v1', 'pods', 'Pod', {
    shortNames: ['po'],
    status: true,
    generation: true,
    selectable: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'status.phase',
      'status.podIP',
    ],
  }),
  builtIn('', 'core/v1', 'services', 'Service', { shortNames: ['svc'], status: true }),
  builtIn('', 'core/v1', 'configmaps', 'ConfigMap', { shortNames: ['cm'] }),
  builtIn('', 'core/v1', 'secrets', 'Secret', { selectable: ['type'] }),
  builtIn('', 'core/v1', 'serviceaccounts', 'ServiceAccount', { shortNames: ['sa'] }),
  builtIn('', 'core/v1', 'nodes', 'Node', {
    clusterWide: true,
    shortNames: ['no'],
    status: true,
    selectable: ['spec.unschedulable'],
  }),
  builtIn('', 'core/v1', 'resourcequotas', 'ResourceQuota', { shortNames: ['quota'], status: true }),
  builtIn('', 'core/v1', 'events', 'Event', {
    shortNames: ['ev'],
    selectable: [
      'involvedObject.kind',
      'involvedObject.name',
      'involvedObject.namespace',
      'involvedObject.uid',
      'reason',
      'reportingComponent',
      'type',
    ],
  }),
  builtIn('events.k8s.io', 'events/v1', 'events', 'Event', {
    shortNames: ['ev'],
    selectable: [
      'regarding.kind',
      'regarding.name',
      'regarding.namespace',
      'regarding.uid',
      'reason',
      'type',
    ],
  }),
  builtIn('apps', 'apps/v1', 'deployments', 'Deployment', { ...workload, shortNames: ['deploy'] }),
  builtIn('apps', 'apps/v1', 'replicasets', 'ReplicaSet', { ...workload, shortNames: ['rs'] }),
  builtIn('apps', 'apps/v1', 'daemonsets', 'DaemonSet', {
    status: true,
    generation: true,
    shortNames: ['ds'],
  }),
  builtIn('apps', 'apps/v1', 'statefulsets', 'StatefulSet', { ...workload, shortNames: ['sts'] }),
  builtIn('autoscaling', 'autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
    shortNames: ['hpa'],
    status: true,
    generation: true,
  }),
  builtIn('coordination.k8s.io', 'coordination/v1', 'leases', 'Lease', { conditional: true }),
  builtIn('discovery.k8s.io', 'discovery/v1', 'endpointslices', 'EndpointSlice', { generation: true }),
  builtIn('networking.k8s.io', 'networking/v1', 'ingresses', 'Ingress', {
    shortNames: ['ing'],
    status: true,
    generation: true,
  }),
  builtIn('policy', 'policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', {
    shortNames: ['pdb'],
    status: true,
    generation: true,
  }),
  builtIn(
    'apiextensions.k8s.io',
    'apiextensions/v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    {
      clusterWide: true,
      shortNames: ['crd', 'crds'],
      status: true,
      generation: true,
    },
  ),
];
