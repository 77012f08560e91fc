import type {
  Container,
  PodCondition,
  PodSpec,
  PodStatus,
  ContainerState,
  ContainerStateTerminated,
} from 'kubernetes-types/core/v1.js';
import type { KubeObject, Resource } from '../../../../src/kube/object.ts';

export type { Container, ContainerState, PodCondition, PodSpec, PodStatus };
export type Terminated = ContainerStateTerminated;

export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: PodStatus;
}

export const pods: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

/** What the kubelet knows of one container: the part of its status that is no copy of the spec. */
export interface ContainerObservation {
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  readonly last: Terminated | null;
  readonly restartCount: number;
  /** The startup probe has succeeded, or there is none and the container runs. */
  readonly started: boolean;
  /** By its readiness probe; without one, whether it runs. */
  readonly ready: boolean;
}

/** What a pod is told about itself once it is on this node. */
export interface PodPlace {
  readonly ip: string;
  readonly nodeName: string;
  readonly hostIp: string;
}

/** Init containers with `restartPolicy: Always` run on beside the others. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** A port number, or the number of the container's port of that name; null: there is none of that name. */
export function portOf(port: number | string | undefined, container: Container): number | null {
  if (typeof port === 'number') return port;
  if (port !== undefined && /^\d+$/.test(port)) return Number(port);
  return container.ports?.find(({ name }) => name === port)?.containerPort ?? null;
}
