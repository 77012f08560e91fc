import type { KubeClient } from '../../src/kube/client.ts';
import type { Clock, Random } from '../../src/kube/clock.ts';
import { Controller, type Reconcile } from '../../src/kube/controller.ts';
import { EventRecorder } from '../../src/kube/events.ts';
import { Fence, fenced } from '../../src/kube/fencing.ts';
import { Health } from '../../src/kube/health.ts';
import { Informer } from '../../src/kube/informer.ts';
import { isKubeError } from '../../src/kube/kube-error.ts';
import { LeaderElector } from '../../src/kube/leader-election.ts';
import { Manager, type ManagerEnd } from '../../src/kube/manager.ts';
import { KubeMetrics } from '../../src/kube/metrics.ts';
import { WorkQueue } from '../../src/kube/work-queue.ts';
import { WrittenVersions } from '../../src/kube/written-versions.ts';
import { type ConfigMap, configMap, configMaps } from './resources.ts';

const name = 'mirror';
const fieldManager = name;

export interface MirrorController {
  readonly reconciles: number;
  run(signal: AbortSignal): Promise<ManagerEnd>;
}

/** Keeps a second ConfigMap beside each wanted one, with all that the runtime has: election, fence, events, metrics, health. */
export function mirrorController(client: KubeClient, clock: Clock, random: Random): MirrorController {
  const metrics = new KubeMetrics();
  const informerOf = (labelSelector: string): Informer<ConfigMap> =>
    new Informer<ConfigMap>({
      client,
      clock,
      random,
      resource: configMaps,
      scope: { labelSelector },
      observer: metrics.reflector(labelSelector),
    });
  const wanted = informerOf('mirror=wanted');
  const made = informerOf('mirror=made');
  const queue = new WorkQueue(clock, metrics.queue(name));
  metrics.sampleQueue(name, queue);
  wanted.feed(queue);
  made.feed(queue, ({ metadata }) => [`${metadata.namespace}/${metadata.name.replace(/^made-/, '')}`]);
  const recording = { client, clock, random, component: name, instance: 'bench' };
  const recorder = new EventRecorder({ ...recording, onFate: (fate) => metrics.event(fate) });
  const fence = new Fence(clock);
  const versions = new WrittenVersions(clock);
  const parts = { client: fenced(client, fence), wanted, made, versions, recorder };
  let ids = 0;
  const newId = (): string => String((ids += 1));
  const controllerParts = { queue, clock, versions, newId, concurrency: 4 };
  const observer = metrics.controller(name, controllerParts.concurrency);
  const controller = new Controller({ ...controllerParts, name, observer, reconcile: mirror(parts) });
  const lease = { namespace: 'default', name };
  const standing = { client, clock, random, fence, fieldManager, newId, hostName: 'bench' };
  const manager = new Manager({
    clock,
    informers: [wanted, made],
    controllers: [controller],
    elector: new LeaderElector({ ...standing, lease, onLeader: () => metrics.leading(name, true) }),
    health: new Health(clock, [wanted, made]),
    flush: [() => recorder.flush(1000)],
  });
  return {
    get reconciles() {
      return ids;
    },
    run: (signal) => manager.run(signal),
  };
}

interface Parts {
  readonly client: KubeClient;
  readonly wanted: Informer<ConfigMap>;
  readonly made: Informer<ConfigMap>;
  readonly versions: WrittenVersions;
  readonly recorder: EventRecorder;
}

function mirror({ client, wanted, made, versions, recorder }: Parts): Reconcile {
  return async (key, { signal }) => {
    const [namespace = '', plainName = ''] = key.split('/');
    const found = { namespace, name: `made-${plainName}` };
    const source = wanted.lister.get({ namespace, name: plainName });
    const copy = made.lister.get(found);
    if (source === undefined) {
      if (copy === undefined) return { kind: 'done' };
      await client.remove(configMaps, found, { signal }).catch((thrown: unknown) => {
        if (!isKubeError(thrown, 'NotFound')) throw thrown;
      });
      versions.removed(key, made, found, copy.metadata.uid);
      return { kind: 'done' };
    }
    if (copy !== undefined && copy.data?.['text'] === source.data?.['text'])
      return { kind: 'requeueAfter', delayMs: 300_000 };
    const object = configMap(namespace, found.name, { ...source.data });
    const metadata = { ...object.metadata, labels: { mirror: 'made' } };
    const how = { fieldManager, force: true, signal };
    const written = await client.apply<ConfigMap>(configMaps, { ...object, metadata }, how);
    versions.wrote(key, made, written);
    const message = `has the text ${source.data?.['text']}`;
    recorder.record({ object: source, type: 'Normal', reason: 'Mirrored', message });
    return { kind: 'requeueAfter', delayMs: 300_000 };
  };
}
