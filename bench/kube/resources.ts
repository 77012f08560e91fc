import { homedir } from 'node:os';
import type { KubeClient } from '../../src/kube/client.ts';
import { loadConfig } from '../../src/kube/config/load-config.ts';
import type { KubeObject, Resource } from '../../src/kube/object.ts';
import { createKubeClient } from '../../src/kube/rest/create-kube-client.ts';

export const namespaces: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
export const configMaps = inCore('configmaps', 'ConfigMap');
export const secrets = inCore('secrets', 'Secret');
export const services = inCore('services', 'Service');
export const serviceAccounts = inCore('serviceaccounts', 'ServiceAccount');
export const pods = inCore('pods', 'Pod');

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

function inCore(plural: string, kind: string): Resource {
  return { group: '', version: 'v1', plural, kind, namespaced: true };
}

export function configMap(namespace: string, name: string, data: Record<string, string>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
}

/** Of the cluster of a kubeconfig, as a controller would have it. */
export async function clientOf(kubeconfig: string): Promise<KubeClient> {
  return createKubeClient(await loadConfig({ env: process.env, homeFolder: homedir(), kubeconfig }));
}

/** An instant that processes of one machine agree on: nanoseconds of CLOCK_MONOTONIC. */
export function instant(): string {
  return String(process.hrtime.bigint());
}

export function msSince(then: string, now: bigint = process.hrtime.bigint()): number {
  return Number(now - BigInt(then)) / 1e6;
}
