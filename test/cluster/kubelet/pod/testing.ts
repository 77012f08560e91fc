import type { Container, ContainerObservation, Pod, PodPlace, PodSpec } from './pod.ts';

export const place: PodPlace = { ip: '10.244.0.7', nodeName: 'node-1', hostIp: '10.243.0.1' };

export function makePod(spec: Partial<PodSpec>, rest: Partial<Pod> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-1',
      namespace: 'shop',
      uid: 'u1',
      labels: { app: 'web', tier: 'a "b"' },
      annotations: { note: 'x' },
    },
    spec: { containers: [makeContainer({})], ...spec },
    ...rest,
  };
}

export function makeContainer(more: Partial<Container>): Container {
  return { name: 'app', image: 'app:v1', ...more };
}

export function observed(more: Partial<ContainerObservation>): ContainerObservation {
  return {
    name: 'app',
    image: 'app:v1',
    state: { waiting: { reason: 'ContainerCreating' } },
    last: null,
    restartCount: 0,
    started: false,
    ready: false,
    ...more,
  };
}
