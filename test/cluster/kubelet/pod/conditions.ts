import { type ContainerObservation, isSidecar, type Pod, type PodCondition } from './pod.ts';
import type { PodObservation } from './status.ts';

interface Verdict {
  readonly type: string;
  readonly status: boolean;
  readonly reason?: string;
  readonly message?: string;
}

/** The conditions that the kubelet owns. Those that others write (readiness gates) are read, never written. */
export function conditionsOf(
  pod: Pod,
  seen: PodObservation,
  phase: string,
  before: readonly PodCondition[],
  now: string,
): readonly PodCondition[] {
  const verdicts = [
    { type: 'PodReadyToStartContainers', status: seen.place !== null && !seen.ended },
    initialized(pod, seen, phase),
    ready(pod, seen, phase),
    containersReady(seen, phase),
    { type: 'PodScheduled', status: true },
  ];
  return verdicts.map((verdict) => {
    const status = verdict.status ? 'True' : 'False';
    const old = before.find(({ type }) => type === verdict.type);
    return {
      ...verdict,
      status,
      lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? now) : now,
    };
  });
}

function initialized({ spec }: Pod, { init }: PodObservation, phase: string): Verdict {
  const type = 'Initialized';
  const sidecars = new Set((spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const open = init.filter(({ name, state, started }) =>
    sidecars.has(name) ? !started : state.terminated?.exitCode !== 0,
  );
  if (phase === 'Succeeded') return { type, status: true, reason: 'PodCompleted' };
  if (open.length === 0) return { type, status: true };
  const message = `containers with incomplete status: ${names(open)}`;
  return { type, status: false, reason: 'ContainersNotInitialized', message };
}

function containersReady({ main }: PodObservation, phase: string): Verdict {
  const type = 'ContainersReady';
  if (phase === 'Succeeded') return { type, status: false, reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: false, reason: 'PodFailed' };
  const open = main.filter((container) => !container.ready);
  if (open.length === 0) return { type, status: true };
  const message = `containers with unready status: ${names(open)}`;
  return { type, status: false, reason: 'ContainersNotReady', message };
}

function ready(pod: Pod, seen: PodObservation, phase: string): Verdict {
  const containers = { ...containersReady(seen, phase), type: 'Ready' };
  if (!containers.status) return containers;
  const closed = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (condition === undefined) {
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    }
    return condition.status === 'True'
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  if (closed.length === 0) return containers;
  return { type: 'Ready', status: false, reason: 'ReadinessGatesNotReady', message: closed.join(', ') };
}

function names(containers: readonly ContainerObservation[]): string {
  return `[${containers.map(({ name }) => name).join(' ')}]`;
}
