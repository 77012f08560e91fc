import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../virtual-clock.ts';
import { FakeApiServer } from './api-server.ts';
import { inProcessClient } from './in-process-client.ts';
import { asList, asText, at, type JsonObject, nameOf } from './json.ts';
import { as, deployment, deployments, pods, type AnyObject } from '../../conformance/kube-cluster.ts';
import { type WorkloadOptions, workloadStages } from './workload-stages.ts';

function cluster(options: WorkloadOptions = {}) {
  const clock = new VirtualClock();
  const server = new FakeApiServer({ clock, stages: workloadStages(options) });
  return { clock, server, client: inProcessClient(server) };
}

const running = (spec: Readonly<Record<string, unknown>> = {}): AnyObject =>
  deployment('default', 'web', { replicas: 3, paused: false, ...spec });

function ready(server: FakeApiServer): readonly string[] {
  return server
    .objects('pods')
    .filter(
      (pod) =>
        asList(at(pod, 'status', 'conditions')).length > 0 &&
        at(pod, 'metadata', 'deletionTimestamp') === undefined,
    )
    .map((pod) => asText(at(pod, 'spec', 'containers', 0, 'image')));
}

describe('workloads', () => {
  test('a Deployment makes a ReplicaSet, that pods, which become ready with addresses of their own', async () => {
    const { clock, server, client } = cluster();
    await client.create(deployments, running(), as);
    await clock.runFor(100);
    expect([server.objects('pods').length, ready(server)]).toEqual([3, []]);
    await clock.runFor(5_000);
    expect(ready(server)).toEqual(['shop:1', 'shop:1', 'shop:1']);
    expect(new Set(server.objects('pods').map((pod) => at(pod, 'status', 'podIP'))).size).toBe(3);
    const { status } = await client.get<AnyObject>(deployments, { namespace: 'default', name: 'web' });
    expect(status).toMatchObject({
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    });
    expect(((status?.['conditions'] ?? []) as readonly JsonObject[]).map(({ reason }) => reason)).toEqual([
      'MinimumReplicasAvailable',
      'NewReplicaSetAvailable',
    ]);
  });

  test('a rolling update never has fewer available than it may', async () => {
    const { clock, server, client } = cluster();
    await client.create(deployments, running({ replicas: 4 }), as);
    await clock.runFor(5_000);
    const body = { spec: { template: { spec: { containers: [{ name: 'app', image: 'shop:2' }] } } } };
    await client.patch(deployments, { namespace: 'default', name: 'web' }, { type: 'strategic', body }, as);
    let fewest = 99;
    for (let beat = 0; beat < 500; beat += 1) {
      await clock.runFor(20);
      fewest = Math.min(fewest, ready(server).length);
    }
    expect(fewest).toBe(3);
    expect(ready(server)).toEqual(['shop:2', 'shop:2', 'shop:2', 'shop:2']);
  });

  test('a paused Deployment rolls no new revision', async () => {
    const { clock, server, client } = cluster();
    await client.create(deployments, running(), as);
    await clock.runFor(5_000);
    const body = {
      spec: { paused: true, template: { spec: { containers: [{ name: 'app', image: 'shop:2' }] } } },
    };
    await client.patch(deployments, { namespace: 'default', name: 'web' }, { type: 'strategic', body }, as);
    await clock.runFor(5_000);
    expect(ready(server)).toEqual(['shop:1', 'shop:1', 'shop:1']);
  });

  test('a pod that is deleted lives its grace and is replaced; its endpoint stops being ready at once', async () => {
    const { clock, server, client } = cluster({ stopMs: 2_000 });
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    };
    await client.create({ ...pods, plural: 'services', kind: 'Service' }, service, as);
    await client.create(deployments, running({ replicas: 1 }), as);
    await clock.runFor(5_000);
    const [first = {}] = server.objects('pods');
    await client.remove(pods, { namespace: 'default', name: nameOf(first) });
    const endpoints = (): readonly string[] =>
      server.objects('endpointslices.discovery.k8s.io').flatMap((slice) =>
        asList(slice['endpoints']).map((endpoint) => {
          const shown = at(endpoint, 'targetRef', 'name') === nameOf(first) ? 'first' : 'second';
          const holds = (name: string): string => `${name}=${at(endpoint, 'conditions', name) === true}`;
          return `${shown} ${holds('ready')} ${holds('terminating')}`;
        }),
      );
    await clock.runFor(100);
    expect(endpoints()).toEqual(['first ready=false terminating=true']);
    await clock.runFor(1_000);
    expect(endpoints().toSorted()).toEqual([
      'first ready=false terminating=true',
      'second ready=true terminating=false',
    ]);
    await clock.runFor(2_000);
    expect(endpoints()).toEqual(['second ready=true terminating=false']);
  });

  test('pods crash by chance and are replaced', async () => {
    const { clock, server, client } = cluster({ crashShare: 0.5, crashAfterMs: 1_000 });
    await client.create(deployments, running({ replicas: 8 }), as);
    await clock.runFor(10_000);
    const failed = server.objects('pods').filter((pod) => at(pod, 'status', 'phase') === 'Failed').length;
    expect(failed).toBeGreaterThan(2);
    expect(ready(server).length).toBe(8);
  });

  test('an autoscaler follows the load within its bounds, and leaves none alone', async () => {
    const { clock, server, client } = cluster({ wantedReplicas: () => 9 });
    const hpa = {
      group: 'autoscaling',
      version: 'v2',
      plural: 'horizontalpodautoscalers',
      kind: 'HorizontalPodAutoscaler',
      namespaced: true,
    };
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    const object: AnyObject = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'default' },
      spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 5 },
    };
    await client.create(hpa, object, as);
    await client.create(deployments, running({ replicas: 0 }), as);
    await clock.runFor(3_000);
    expect(server.objects('pods').length).toBe(0);
    await client.patch(
      deployments,
      { namespace: 'default', name: 'web' },
      { type: 'merge', body: { spec: { replicas: 1 } } },
      as,
    );
    await clock.runFor(3_000);
    expect(ready(server).length).toBe(5);
  });

  test('a Deployment that goes takes its ReplicaSets and pods along', async () => {
    const { clock, server, client } = cluster();
    await client.create(deployments, running(), as);
    await clock.runFor(5_000);
    await client.remove(deployments, { namespace: 'default', name: 'web' });
    await clock.runFor(5_000);
    expect([server.objects('pods'), server.objects('replicasets.apps')]).toEqual([[], []]);
  });
});
