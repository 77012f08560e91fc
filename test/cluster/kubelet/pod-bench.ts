import type { Probe } from 'kubernetes-types/core/v1.js';
import type { KubeClient } from '../../../src/kube/client.ts';
import { loadConfig } from '../../../src/kube/config/load-config.ts';
import { isKubeError } from '../../../src/kube/kube-error.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import { createKubeClient } from '../../../src/kube/rest/create-kube-client.ts';
import type { ControlPlane } from '../control-plane.ts';
import { eventually } from '../eventually.ts';
import { startControlPlane } from '../start-control-plane.ts';
import { httpGet } from './load.ts';
import { type Container, type Pod, type PodSpec, pods } from './pod/pod.ts';
import { type KubeletHandle, startKubelet, type StartKubeletOptions } from './start-kubelet.ts';

/** `npm run test:cluster` says so where pods can have no addresses; a cluster that was there before has kubelets of its own. */
export const podsArePossible =
  process.env['SLUICE_CLUSTER_NETWORK'] === 'inside' && process.env['USE_EXISTING_CLUSTER'] !== 'true';

export const namespace = 'default';
export const writes = { fieldManager: 'test' };

export function core(plural: string, kind: string): Resource {
  return { group: '', version: 'v1', plural, kind, namespaced: kind !== 'Node' };
}

/** A control plane with one node, and what tests of pods ask of it. */
export class PodBench {
  readonly plane: ControlPlane;
  readonly kubelet: KubeletHandle;
  readonly client: KubeClient;

  private constructor(plane: ControlPlane, kubelet: KubeletHandle, client: KubeClient) {
    this.plane = plane;
    this.kubelet = kubelet;
    this.client = client;
  }

  static async start(options: StartKubeletOptions = {}): Promise<PodBench> {
    const plane = await startControlPlane();
    try {
      const kubelet = await startKubelet(plane, options);
      const config = await loadConfig({ env: {}, homeFolder: '', kubeconfig: plane.kubeconfig });
      return new PodBench(plane, kubelet, createKubeClient(config));
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.kubelet.stop();
    await this.client.close();
    await this.plane.stop();
  }

  read(name: string): Promise<Pod> {
    return this.client.get<Pod>(pods, { namespace, name });
  }

  async create(name: string, spec: PodSpec, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec };
    await this.client.create(pods, pod, writes);
  }

  async createService(name: string): Promise<void> {
    const service: KubeObject & { readonly spec: object } = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
    };
    await this.client.create(core('services', 'Service'), service, writes);
  }

  /** With the grace of the pod if none is given. */
  async remove(name: string, gracePeriodSeconds?: number): Promise<void> {
    const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
    await this.client.remove(pods, { namespace, name }, grace);
  }

  until(name: string, look: (pod: Pod) => boolean): Promise<Pod> {
    return eventually(async () => {
      const pod = await this.read(name);
      if (look(pod)) return pod;
      throw new Error(this.kubelet.failure() ?? JSON.stringify(pod.status, null, 1));
    });
  }

  gone(name: string): Promise<true> {
    return eventually(async () => {
      try {
        await this.read(name);
        return null;
      } catch (thrown) {
        if (isKubeError(thrown, 'NotFound')) return true;
        throw thrown;
      }
    });
  }
}

/** The JSON that a pod of `app` answers; its status where that is not 200. */
export async function askPod(pod: Pod, path: string): Promise<unknown> {
  const { status, body, error } = await httpGet(`http://${pod.status?.podIP}:8080${path}`);
  if (error !== null) throw new Error(error);
  return status === 200 ? JSON.parse(body) : status;
}

export async function pidOf(pod: Pod): Promise<number> {
  return ((await askPod(pod, '/pid')) as { readonly pid: number }).pid;
}

/** Resolves when nobody listens at the address of the pod. */
export function refuses(address: string | undefined): Promise<true> {
  return eventually(async () => {
    const { error } = await httpGet(`http://${address}:8080/`);
    return error === 'ECONNREFUSED' ? true : null;
  });
}

export function probe(path: string): Probe {
  return { httpGet: { path, port: 8080 }, periodSeconds: 1, timeoutSeconds: 5 };
}

export function app(image: string, more: Partial<Container> = {}): Container {
  return { name: 'app', image, readinessProbe: probe('/readyz'), ...more };
}

export function isReady(pod: Pod): boolean {
  return isTrue(pod, 'Ready');
}

export function isTrue(pod: Pod, condition: string): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === condition && status === 'True') ?? false;
}
