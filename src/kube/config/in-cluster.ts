import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterConfig } from './cluster-config.ts';
import { configurationError, fileProblem } from './configuration-error.ts';
import type { Environment } from './load-config.ts';

/** Where the kubelet mounts the token of the pod's service account. */
export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

export function isInCluster(env: Environment): boolean {
  return (env['KUBERNETES_SERVICE_HOST'] ?? '') !== '' && (env['KUBERNETES_SERVICE_PORT'] ?? '') !== '';
}

/** client-go's `InClusterConfig`: token and authority are files that the kubelet replaces, so both are named, not read here. */
export async function inClusterConfig(env: Environment, folder: string): Promise<ClusterConfig> {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '';
  if (!/^\d{1,5}$/.test(port))
    throw configurationError(
      'KUBERNETES_SERVICE_PORT is not a port number; it is set by the kubelet: unset the override',
    );
  const read = async (name: string): Promise<string> => {
    try {
      return await readFile(join(folder, name), 'utf8');
    } catch (thrown) {
      throw configurationError(
        `${join(folder, name)} ${fileProblem(thrown)}; give the pod a service account with automountServiceAccountToken: true`,
        thrown,
      );
    }
  };
  await read('token');
  await read('ca.crt');
  const namespace = (await read('namespace').catch(() => '')).trim();
  return {
    description: 'the service account of this pod',
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespace === '' ? 'default' : namespace,
    tls: { ca: { kind: 'file', path: join(folder, 'ca.crt') }, serverName: null, insecure: false },
    proxyUrl: null,
    certificate: null,
    identity: { kind: 'tokenFile', path: join(folder, 'token') },
    impersonate: null,
  };
}
