import type { KubeObject, ObjectMeta, OwnerReference } from '../../src/kube/object.ts';

export interface Pod extends KubeObject {
  readonly spec: unknown;
}

/**
 * A pod as a Deployment of a web shop makes it: two containers, probes, resources, environment, volumes. Nobody schedules it. The owner
 * has to be there, or the pod is collected.
 */
export function realisticPod(namespace: string, index: number, owner: OwnerReference): Pod {
  const app = `app-${index % 100}`;
  const hash = (0x10_00_00_00 + (index % 400) * 7919).toString(16);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name: `${app}-${hash}-${index.toString(36).padStart(5, '0')}`,
      labels: {
        'app.kubernetes.io/name': app,
        'app.kubernetes.io/part-of': 'shop',
        'app.kubernetes.io/version': `1.${index % 40}.0`,
        'pod-template-hash': hash,
        team: `team-${index % 12}`,
      },
      annotations: {
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': '9090',
        'checksum/config': hash.repeat(8),
      },
      ownerReferences: [owner],
    },
    spec: {
      schedulerName: 'nobody',
      serviceAccountName: 'default',
      terminationGracePeriodSeconds: 30,
      containers: [container(app, index), sidecar()],
      volumes: [
        { name: 'config', configMap: { name: `${app}-config` } },
        { name: 'cache', emptyDir: {} },
      ],
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, fsGroup: 10_001 },
    },
  };
}

/** What stands in for a ReplicaSet, which would count its pods. */
export function ownerOf({ name, uid = '' }: ObjectMeta): OwnerReference {
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true, blockOwnerDeletion: true };
}

function container(app: string, index: number): unknown {
  const probe = (path: string): unknown => ({
    httpGet: { path, port: 'http' },
    periodSeconds: 5,
    failureThreshold: 3,
  });
  return {
    name: app,
    image: `registry.example.com/shop/${app}:1.${index % 40}.0`,
    ports: [
      { name: 'http', containerPort: 8080 },
      { name: 'metrics', containerPort: 9090 },
    ],
    env: [
      { name: 'LOG_LEVEL', value: 'info' },
      { name: 'DATABASE_HOST', value: 'postgres.shop.svc.cluster.local' },
      { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      {
        name: 'DATABASE_PASSWORD',
        valueFrom: { secretKeyRef: { name: `${app}-database`, key: 'password' } },
      },
    ],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    readinessProbe: probe('/health/ready'),
    livenessProbe: probe('/health/live'),
    volumeMounts: [
      { name: 'config', mountPath: '/etc/app', readOnly: true },
      { name: 'cache', mountPath: '/var/cache/app' },
    ],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
}

function sidecar(): unknown {
  return {
    name: 'log-shipper',
    image: 'registry.example.com/platform/log-shipper:3.2.1',
    args: ['--input=/var/log/app', '--output=loki.monitoring.svc:3100'],
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '64Mi' } },
  };
}

/** Its status as a kubelet writes it once it is ready. */
export function readyStatus(pod: KubeObject, index: number): unknown {
  const at = '2026-01-01T08:00:00Z';
  const ip = `10.244.${(index >> 8) & 255}.${index & 255}`;
  const [app] = pod.metadata.name.split(/-(?=[0-9a-f]{8}-)/);
  const running = (name: string): unknown => ({
    name,
    image: `registry.example.com/shop/${name}:1.${index % 40}.0`,
    imageID: `registry.example.com/shop/${name}@sha256:${'9f86d081884c7d659a2feaa0c55ad015'.repeat(2)}`,
    containerID: `containerd://${(index * 7919 + 0x10_00_00_00).toString(16).padStart(64, 'c')}`,
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: at } },
    lastState: {},
  });
  const types = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  return {
    phase: 'Running',
    hostIP: '10.0.0.7',
    hostIPs: [{ ip: '10.0.0.7' }],
    podIP: ip,
    podIPs: [{ ip }],
    startTime: at,
    qosClass: 'Burstable',
    conditions: types.map((type) => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: at })),
    containerStatuses: [running(app ?? ''), running('log-shipper')],
  };
}
