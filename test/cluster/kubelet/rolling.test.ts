import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import { eventually } from '../eventually.ts';
import { Load } from './load.ts';
import { app, core, namespace, PodBench, podsArePossible, refuses, writes } from './pod-bench.ts';

const deployments: Resource = { ...core('deployments', 'Deployment'), group: 'apps' };

type Deployment = KubeObject & {
  readonly spec: object;
  readonly status?: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly replicas?: number;
  };
};

describe.runIf(podsArePossible)('pods under load', () => {
  let bench: PodBench;
  beforeAll(async () => {
    bench = await PodBench.start();
  });
  afterAll(() => bench?.stop());

  const follow = async (service: string): Promise<Load> => {
    const { client } = bench;
    const load = new Load({ client, namespace, service, callers: 4, pauseMs: 10, path: '/?ms=20' });
    await load.follow();
    return load;
  };

  test('without a preStop hook the program is told to end before the endpoints know', async () => {
    await bench.createService('raced');
    await bench.create('raced', { containers: [app('app:v1')] }, { app: 'raced' });
    const load = await follow('raced');
    const endpoint = await eventually(() => load.ready[0] ?? null);
    const manager = bench.plane.pid('kube-controller-manager') ?? 0;
    process.kill(manager, 'SIGSTOP');
    try {
      await bench.remove('raced');
      await refuses(endpoint.split(':')[0]);
      await bench.gone('raced');
      expect(load.ready).toEqual([endpoint]);
      load.start();
      await eventually(() => (load.refused > 0 ? true : null));
    } finally {
      process.kill(manager, 'SIGCONT');
    }
    await eventually(() => (load.ready.length === 0 ? true : null));
    const report = await load.stop();
    expect(report.answered).toBe(0);
  });

  test('a Deployment rolls under load, and with a preStop sleep no request fails', async () => {
    const deployment = (image: string): Deployment => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: {
        replicas: 4,
        selector: { matchLabels: { app: 'web' } },
        strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [app(image, { lifecycle: { preStop: { sleep: { seconds: 3 } } } })] },
        },
      },
    });
    const rolled = (): Promise<Deployment> =>
      eventually(async () => {
        const now = await bench.client.get<Deployment>(deployments, { namespace, name: 'web' });
        const { observedGeneration, updatedReplicas, availableReplicas, replicas } = now.status ?? {};
        if (observedGeneration !== now.metadata.generation) return null;
        return [updatedReplicas, availableReplicas, replicas].every((count) => count === 4) ? now : null;
      }, 60_000);
    await bench.createService('web');
    await bench.client.create(deployments, deployment('app:v1'), writes);
    await rolled();
    const load = await follow('web');
    await eventually(() => (load.ready.length === 4 ? true : null));
    load.start();
    await eventually(() => (load.answered > 100 ? true : null));
    await bench.client.apply(deployments, deployment('app:v2'), { ...writes, force: true });
    await rolled();
    await eventually(() => (load.ready.length === 4 ? true : null));
    const report = await load.stop();
    expect(report).toMatchObject({ refused: 0, failed: [], leastReady: 4 });
    expect(report.answered).toBeGreaterThan(500);
    expect(Object.keys(report.versions).toSorted()).toEqual(['v1', 'v2']);
    await bench.client.remove(deployments, { namespace, name: 'web' });
  });
});
