import type { Component } from './control-plane.ts';
import type { Keys } from './keys.ts';

export interface FlagOptions {
  readonly keys: Keys;
  readonly folder: string;
  readonly ports: Readonly<Record<Component | 'etcd-peer', number>>;
  /** `0.0.0.0` where every address is ours. */
  readonly bindAddress: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  /** YAML of an audit policy; the log is `audit.jsonl` of the folder. */
  readonly auditPolicyFile: string | null;
  /** Absent: those that workloads need. */
  readonly controllers?: readonly string[];
}

/**
 * An address that nobody calls. The API server wants one that is not loopback, for the endpoints of the Service `kubernetes`, which are
 * not written here.
 */
const advertisedAddress = '10.255.255.254';

/**
 * Those that workloads need. The manager starts its controllers one after another, each with a ServiceAccount of its own, so the rest
 * (volumes, certificate requests, cloud) would only make it late.
 */
const controllers = [
  'serviceaccount-token-controller',
  'serviceaccount-controller',
  'namespace-controller',
  'root-ca-certificate-publisher-controller',
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'daemonset-controller',
  'job-controller',
  'cronjob-controller',
  'endpointslice-controller',
  'horizontal-pod-autoscaler-controller',
  'disruption-controller',
  'garbage-collector-controller',
  'pod-garbage-collector-controller',
  'node-lifecycle-controller',
  'taint-eviction-controller',
  'resourcequota-controller',
  'clusterrole-aggregation-controller',
  'ttl-after-finished-controller',
];

/** Flags of each program; the ports are the same at every start. */
export function flagsOf(component: Component, options: FlagOptions): readonly string[] {
  switch (component) {
    case 'etcd':
      return etcdFlags(options);
    case 'kube-apiserver':
      return apiServerFlags(options);
    case 'kube-controller-manager':
      return [
        ...clientFlags(component, options),
        '--use-service-account-credentials=true',
        `--controllers=${(options.controllers ?? controllers).join(',')}`,
        `--root-ca-file=${options.keys.file('ca.crt')}`,
        `--service-account-private-key-file=${options.keys.file('accounts.key')}`,
        `--cluster-cidr=${options.podCidr}`,
        '--kube-api-qps=500',
        '--kube-api-burst=1000',
      ];
    case 'kube-scheduler':
      return [...clientFlags(component, options), '--kube-api-qps=500', '--kube-api-burst=1000'];
  }
}

function etcdFlags({ folder, ports }: FlagOptions): readonly string[] {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports['etcd-peer']}`;
  return [
    `--data-dir=${folder}/etcd`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // The data outlives the process, not the machine: that is all that tests ask.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function apiServerFlags({ keys, folder, ports, ...options }: FlagOptions): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--bind-address=${options.bindAddress}`,
    `--secure-port=${ports['kube-apiserver']}`,
    `--advertise-address=${advertisedAddress}`,
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${keys.file('serving.crt')}`,
    `--tls-private-key-file=${keys.file('serving.key')}`,
    `--client-ca-file=${keys.file('ca.crt')}`,
    `--token-auth-file=${keys.file('tokens.csv')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--service-cluster-ip-range=${options.serviceCidr}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${keys.file('accounts.pub')}`,
    `--service-account-signing-key-file=${keys.file('accounts.key')}`,
    '--profiling=false',
    ...(options.auditPolicyFile === null
      ? []
      : [`--audit-policy-file=${options.auditPolicyFile}`, `--audit-log-path=${folder}/audit.jsonl`]),
  ];
}

function clientFlags(
  component: 'kube-controller-manager' | 'kube-scheduler',
  { keys, ports }: FlagOptions,
): string[] {
  const kubeconfig = keys.kubeconfig({ name: `system:${component}` });
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${ports[component]}`,
    `--tls-cert-file=${keys.file('serving.crt')}`,
    `--tls-private-key-file=${keys.file('serving.key')}`,
    '--profiling=false',
  ];
}
