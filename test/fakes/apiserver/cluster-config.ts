import type { ClusterConfig } from '../../../src/kube/config/cluster-config.ts';

/** How to reach a served fake; with a bearer token where users are told apart. */
export function clusterConfigOf(url: string, token?: string): ClusterConfig {
  return {
    description: 'the fake API server',
    server: url,
    namespace: 'default',
    tls: { ca: null, serverName: null, insecure: false },
    proxyUrl: null,
    certificate: null,
    identity: token === undefined ? { kind: 'none' } : { kind: 'token', token },
    impersonate: null,
  };
}
