import type { ContainerStatus } from 'kubernetes-types/core/v1.js';
import { conditionsOf } from './conditions.ts';
import { isRestarted } from './crash-backoff.ts';
import { type ContainerObservation, isSidecar, type Pod, type PodPlace, type PodStatus } from './pod.ts';

export interface PodObservation {
  /** Null until the pod has an address. */
  readonly place: PodPlace | null;
  readonly init: readonly ContainerObservation[];
  readonly main: readonly ContainerObservation[];
  /** When the kubelet first saw the pod, RFC 3339. */
  readonly startTime: string;
  /** All is over: what the containers ended as decides, whatever their restart policy. */
  readonly ended: boolean;
}

/** The status of a pod from what is known of its containers. `before` keeps the instants of conditions that did not change. */
export function statusOf(pod: Pod, seen: PodObservation, before: PodStatus, now: string): PodStatus {
  const phase = phaseOf(pod, seen);
  const { place } = seen;
  return {
    phase,
    startTime: seen.startTime,
    conditions: [...conditionsOf(pod, seen, phase, before.conditions ?? [], now)],
    ...(place === null
      ? {}
      : {
          hostIP: place.hostIp,
          hostIPs: [{ ip: place.hostIp }],
          podIP: place.ip,
          podIPs: [{ ip: place.ip }],
        }),
    ...(seen.init.length === 0 ? {} : { initContainerStatuses: seen.init.map(initStatus) }),
    containerStatuses: seen.main.map((container) => containerStatus(container, container.ready)),
  };
}

/** The kubelet's `getPhase`. */
function phaseOf({ spec }: Pod, { init, main, ended }: PodObservation): string {
  const sidecars = new Set((spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const initial = init.filter(({ name }) => !sidecars.has(name));
  const failedInit = initial.some(({ state }) => (state.terminated?.exitCode ?? 0) !== 0);
  if (failedInit && (ended || spec.restartPolicy === 'Never')) return 'Failed';
  if (!ended && initial.some(({ state }) => state.terminated === undefined)) return 'Pending';
  if (main.some(({ state }) => state.running !== undefined)) return 'Running';
  if (main.some(({ state, last }) => state.waiting !== undefined && last === null)) {
    return ended ? 'Failed' : 'Pending';
  }
  const over = main.map(({ state, last }) => state.terminated ?? last);
  const restarted = over.some((end) => isRestarted(spec.restartPolicy, end?.exitCode ?? 0));
  if (!ended && restarted) return 'Running';
  return over.every((end) => end?.exitCode === 0) ? 'Succeeded' : 'Failed';
}

function initStatus(container: ContainerObservation): ContainerStatus {
  const done = container.state.terminated?.exitCode === 0;
  return containerStatus(container, done || container.ready);
}

function containerStatus(container: ContainerObservation, ready: boolean): ContainerStatus {
  const { name, image, state, last, restartCount, started } = container;
  return {
    name,
    image,
    imageID: state.waiting !== undefined && restartCount === 0 && last === null ? '' : `local://${image}`,
    ready,
    restartCount,
    started,
    state,
    ...(last === null ? {} : { lastState: { terminated: last } }),
  };
}
