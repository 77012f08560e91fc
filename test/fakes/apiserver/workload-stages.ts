import type { Cluster } from './cluster.ts';
import {
  asList,
  asNumber,
  asObject,
  asText,
  at,
  type Json,
  type JsonObject,
  metaOf,
  nameOf,
  namespaceOf,
  uidOf,
} from './json.ts';
import { deploymentStatus, replicaSetsOf, rolled } from './rolling.ts';
import { selectorMatcher } from './selectors.ts';
import type { Stage } from './stages.ts';

export interface WorkloadOptions {
  /** From the pod's creation to its node, and from there to ready. */
  readonly scheduleMs?: number;
  readonly bootMs?: number | ((pod: JsonObject) => number);
  /** From the deletion to the end of the process; never longer than its grace. */
  readonly stopMs?: number;
  /** Of every controller, before it reacts. */
  readonly controllerMs?: number;
  /** Share of pods that crash after `crashAfterMs`. */
  readonly crashShare?: number;
  readonly crashAfterMs?: number;
  /** What an autoscaler reads: how many replicas the load wants. Absent: none acts. */
  readonly wantedReplicas?: (autoscaler: JsonObject) => number;
}

/** Deployments, ReplicaSets, pods, endpoints and autoscalers, as a controller manager and kubelets would move them. */
export function workloadStages(options: WorkloadOptions = {}): readonly Stage[] {
  const { controllerMs = 10 } = options;
  return [
    ...controllerStages(controllerMs),
    ...podStages(options),
    endpointStage(controllerMs),
    ...autoscalerStages(options, controllerMs),
  ];
}

const deployments = 'deployments.apps';
const replicaSets = 'replicasets.apps';
const slices = 'endpointslices.discovery.k8s.io';

function isLeaving(object: JsonObject): boolean {
  return metaOf(object)['deletionTimestamp'] !== undefined;
}

function controllerStages(delayMs: number): readonly Stage[] {
  return [
    {
      name: 'deployment-rolls',
      storeId: deployments,
      alsoOn: [replicaSets],
      delayMs,
      when: (deployment, cluster) =>
        !isLeaving(deployment) && rolled(deployment, replicaSetsOf(deployment, cluster)).length > 0,
      act: (deployment, cluster) => {
        for (const step of rolled(deployment, replicaSetsOf(deployment, cluster))) {
          if (step.kind === 'create') cluster.create(replicaSets, step.replicaSet);
          else cluster.setSpec(replicaSets, step.replicaSet, ['replicas'], step.replicas);
        }
      },
    },
    {
      name: 'deployment-status',
      storeId: deployments,
      alsoOn: [replicaSets],
      delayMs,
      when: (deployment, cluster) =>
        JSON.stringify(deploymentStatus(deployment, cluster)) !== JSON.stringify(deployment['status']),
      act: (deployment, cluster) =>
        cluster.setStatus(deployments, deployment, deploymentStatus(deployment, cluster)),
    },
    {
      name: 'replicaset-pods',
      storeId: replicaSets,
      alsoOn: ['pods'],
      delayMs,
      when: (set, cluster) =>
        !isLeaving(set) && livePods(set, cluster).length !== asNumber(at(set, 'spec', 'replicas'), 1),
      act: (set, cluster) => {
        const pods = livePods(set, cluster);
        const wanted = asNumber(at(set, 'spec', 'replicas'), 1);
        for (let missing = wanted - pods.length; missing > 0; missing -= 1) {
          if (!cluster.create('pods', podOf(set))) break;
        }
        // The controller manager too ends first what is not ready yet.
        const order = pods.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)));
        for (const pod of order.slice(0, Math.max(0, pods.length - wanted))) cluster.remove('pods', pod);
      },
    },
    {
      name: 'replicaset-status',
      storeId: replicaSets,
      alsoOn: ['pods'],
      delayMs,
      when: (set, cluster) =>
        JSON.stringify(replicaSetStatus(set, cluster)) !== JSON.stringify(set['status']),
      act: (set, cluster) => cluster.setStatus(replicaSets, set, replicaSetStatus(set, cluster)),
    },
  ];
}

function livePods(set: JsonObject, cluster: Cluster): readonly JsonObject[] {
  return cluster
    .controlled(set, 'pods')
    .filter((pod) => !isLeaving(pod) && at(pod, 'status', 'phase') !== 'Failed');
}

function isReady(pod: JsonObject): boolean {
  return asList(at(pod, 'status', 'conditions')).some(
    (condition) => at(condition, 'type') === 'Ready' && at(condition, 'status') === 'True',
  );
}

function replicaSetStatus(set: JsonObject, cluster: Cluster): JsonObject {
  const pods = livePods(set, cluster);
  const ready = pods.filter(isReady).length;
  return {
    replicas: pods.length,
    ...(pods.length === 0 ? {} : { fullyLabeledReplicas: pods.length }),
    ...(ready === 0 ? {} : { readyReplicas: ready, availableReplicas: ready }),
    observedGeneration: metaOf(set)['generation'] ?? 1,
  };
}

function podOf(set: JsonObject): JsonObject {
  const template = asObject(at(set, 'spec', 'template'));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metaOf(template),
      generateName: `${nameOf(set)}-`,
      namespace: namespaceOf(set),
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: nameOf(set),
          uid: uidOf(set),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: asObject(template['spec']),
  };
}

function podStages({
  scheduleMs = 20,
  bootMs = 300,
  stopMs = 200,
  crashShare,
  crashAfterMs = 5_000,
}: WorkloadOptions): readonly Stage[] {
  const phase = (pod: JsonObject): Json | undefined => at(pod, 'status', 'phase');
  const isPlaced = (pod: JsonObject): boolean => asText(at(pod, 'spec', 'nodeName')) !== '';
  const stages: Stage[] = [
    {
      name: 'pod-scheduled',
      storeId: 'pods',
      delayMs: scheduleMs,
      when: (pod) => !isLeaving(pod) && !isPlaced(pod),
      act: (pod, cluster) => cluster.bind(pod, 'fake-node'),
    },
    {
      name: 'pod-boots',
      storeId: 'pods',
      delayMs: (pod) => (typeof bootMs === 'number' ? bootMs : bootMs(pod)),
      when: (pod) => !isLeaving(pod) && isPlaced(pod) && phase(pod) === 'Pending',
      act: (pod, cluster) => cluster.setStatus('pods', pod, runningStatus(pod, cluster)),
    },
    {
      name: 'pod-stops',
      storeId: 'pods',
      delayMs: (pod) => Math.min(stopMs, asNumber(metaOf(pod)['deletionGracePeriodSeconds'], 30) * 1_000),
      when: isLeaving,
      act: (pod, cluster) => cluster.remove('pods', pod, 0),
    },
  ];
  if (crashShare === undefined) return stages;
  return [
    ...stages,
    {
      name: 'pod-crashes',
      storeId: 'pods',
      delayMs: crashAfterMs,
      chance: crashShare,
      when: (pod) => !isLeaving(pod) && phase(pod) === 'Running',
      act: (pod, cluster) =>
        cluster.setStatus('pods', pod, {
          ...asObject(pod['status']),
          phase: 'Failed',
          reason: 'Error',
          conditions: [],
        }),
    },
  ];
}

function runningStatus(pod: JsonObject, cluster: Cluster): JsonObject {
  const number = cluster.nextAddress();
  const podIP = `10.244.${number >> 8}.${number & 255}`;
  const condition = (type: string): Json => ({ type, status: 'True', lastTransitionTime: cluster.nowText() });
  const containers = asList(at(pod, 'spec', 'containers')).map(asObject);
  return {
    ...asObject(pod['status']),
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: cluster.nowText(),
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(condition),
    containerStatuses: containers.map(({ name, image }) => ({
      name: name ?? '',
      image: image ?? '',
      imageID: '',
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: cluster.nowText() } },
    })),
  };
}

function endpointStage(delayMs: number): Stage {
  const slice = (service: JsonObject, cluster: Cluster): JsonObject => {
    const pods = cluster
      .list('pods', namespaceOf(service))
      .filter(
        (pod) =>
          selectorMatcher(at(service, 'spec', 'selector'))(pod) && asText(at(pod, 'status', 'podIP')) !== '',
      );
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      addressType: 'IPv4',
      metadata: {
        name: `${nameOf(service)}-fake`,
        namespace: namespaceOf(service),
        labels: { 'kubernetes.io/service-name': nameOf(service) },
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'Service',
            name: nameOf(service),
            uid: uidOf(service),
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      endpoints: pods.map((pod) => ({
        addresses: [asText(at(pod, 'status', 'podIP'))],
        conditions: {
          ready: isReady(pod) && !isLeaving(pod),
          serving: isReady(pod),
          terminating: isLeaving(pod),
        },
        targetRef: { kind: 'Pod', namespace: namespaceOf(pod), name: nameOf(pod), uid: uidOf(pod) },
      })),
      ports: asList(at(service, 'spec', 'ports')).map((port) => ({
        name: asText(at(port, 'name')),
        port: at(port, 'targetPort') ?? at(port, 'port') ?? 0,
        protocol: 'TCP',
      })),
    };
  };
  const present = (service: JsonObject, cluster: Cluster): JsonObject | undefined =>
    cluster.controlled(service, slices)[0];
  return {
    name: 'service-endpoints',
    storeId: 'services',
    alsoOn: ['pods'],
    delayMs,
    when: (service, cluster) =>
      !isLeaving(service) &&
      at(service, 'spec', 'selector') !== undefined &&
      JSON.stringify(present(service, cluster)?.['endpoints']) !==
        JSON.stringify(slice(service, cluster)['endpoints']),
    act: (service, cluster) => cluster.applyAs(slices, slice(service, cluster)),
  };
}

function autoscalerStages({ wantedReplicas }: WorkloadOptions, delayMs: number): readonly Stage[] {
  if (wantedReplicas === undefined) return [];
  const storeId = 'horizontalpodautoscalers.autoscaling';
  const target = (autoscaler: JsonObject, cluster: Cluster): JsonObject | undefined =>
    cluster
      .list(deployments, namespaceOf(autoscaler))
      .find((one) => nameOf(one) === at(autoscaler, 'spec', 'scaleTargetRef', 'name'));
  const wanted = (autoscaler: JsonObject): number => {
    const { minReplicas, maxReplicas } = asObject(autoscaler['spec']);
    return Math.min(asNumber(maxReplicas, 1), Math.max(asNumber(minReplicas, 1), wantedReplicas(autoscaler)));
  };
  return [
    {
      name: 'autoscaler-scales',
      storeId,
      alsoOn: [deployments],
      delayMs,
      // As the real one: a target that was scaled to none is left alone.
      when: (autoscaler, cluster) => {
        const replicas = at(target(autoscaler, cluster), 'spec', 'replicas');
        return typeof replicas === 'number' && replicas > 0 && replicas !== wanted(autoscaler);
      },
      act: (autoscaler, cluster) => {
        const scaled = target(autoscaler, cluster);
        if (scaled === undefined) return;
        const currentReplicas = asNumber(at(scaled, 'spec', 'replicas'), 0);
        cluster.setSpec(deployments, scaled, ['replicas'], wanted(autoscaler));
        cluster.setStatus(storeId, autoscaler, {
          currentReplicas,
          desiredReplicas: wanted(autoscaler),
          lastScaleTime: cluster.nowText(),
        });
      },
    },
  ];
}
