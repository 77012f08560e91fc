import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import { Controller } from '../../src/kube/controller.ts';
import { EventRecorder, events } from '../../src/kube/events.ts';
import { Informer } from '../../src/kube/informer.ts';
import { createKubeClient } from '../../src/kube/rest/create-kube-client.ts';
import { JumpingClock } from '../../src/kube/testing/jumping-clock.ts';
import { WorkQueue } from '../../src/kube/work-queue.ts';
import { WrittenVersions } from '../../src/kube/written-versions.ts';
import { type AnyObject, as, configMap, configMaps } from '../conformance/kube-cluster.ts';
import { FakeApiServer } from '../fakes/apiserver/api-server.ts';
import { clusterConfigOf } from '../fakes/apiserver/cluster-config.ts';
import { inProcessClient } from '../fakes/apiserver/in-process-client.ts';
import { serve } from '../fakes/apiserver/serve.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { eventually } from '../cluster/eventually.ts';
import { Churn } from './churn.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function heapKb(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed / 1024;
}

test('hours of churn through informer, queue, controller and events leave nothing behind', async () => {
  const clock = new VirtualClock();
  const server = new FakeApiServer({ clock, windowEvents: 100 });
  const client = inProcessClient(server);
  const random = (): number => 0.5;
  const informer = new Informer<AnyObject>({ client, resource: configMaps, clock, random });
  const queue = new WorkQueue(clock);
  const versions = new WrittenVersions(clock);
  const recorder = new EventRecorder({ client, clock, random, component: 'test', instance: 'one' });
  informer.feed(queue);
  let reconciled = 0;
  const controller = new Controller({
    name: 'test',
    queue,
    clock,
    versions,
    newId: () => String(reconciled),
    concurrency: 4,
    reconcile: async (key) => {
      reconciled += 1;
      const [namespace = '', name = ''] = key.split('/');
      const found = informer.lister.get({ namespace, name });
      if (found === undefined) return { kind: 'done' };
      const seen = {
        type: 'merge',
        body: { metadata: { labels: { seen: found.data?.['count'] ?? '' } } },
      } as const;
      versions.wrote(key, informer, await client.patch<AnyObject>(configMaps, { namespace, name }, seen, as));
      if (reconciled % 7 === 0) return { kind: 'error', error: new Error('now and then') };
      return reconciled % 5 === 0 ? { kind: 'requeueAfter', delayMs: 500 } : { kind: 'done' };
    },
  });
  const stop = new AbortController();
  const running = [informer.run(stop.signal), controller.run(stop.signal)];
  const churn = new Churn(client, 'default', new SeededRandom(1));
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: 't1' } };
  const heaps: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    for (let step = 0; step < 400; step += 1) {
      await churn.step();
      recorder.record({ object, type: 'Normal', reason: 'Churned', message: `step ${step}` });
      if (step % 50 === 0) server.endWatches();
      if (step % 90 === 0) server.compact();
      await clock.runFor(9000);
    }
    churn.written.splice(0);
    server.requests.splice(0);
    for (const { metadata } of (await client.list(events)).items) await client.remove(events, metadata);
    heaps.push(heapKb());
  }
  expect(reconciled).toBeGreaterThan(3000);
  // The first rounds fill caches that are bounded.
  expect(Math.max(...heaps.slice(5)) - Math.min(...heaps.slice(2, 5))).toBeLessThan(1500);
  stop.abort();
  const stopped = controller.stop();
  await clock.runFor(60_000);
  await Promise.all([...running, stopped]);
});

test('a thousand calls and two hundred broken watches leave no timer, no listener and no connection', async () => {
  const api = new FakeApiServer();
  const served = await serve(api);
  const clock = new JumpingClock();
  const client = createKubeClient(clusterConfigOf(served.url), { clock });
  ends.push(
    () => client.close(),
    () => served.close(),
  );
  const { signal } = new AbortController();
  const name = { namespace: 'default', name: 'a' };
  await client.create<AnyObject>(configMaps, configMap('default', 'a', {}), as);
  const callAndWatch = async (): Promise<void> => {
    for (let call = 0; call < 5; call += 1) await client.get(configMaps, name, { signal });
    api.faults.add({ kind: 'break', afterLines: 2 }, ({ url }) => url.includes('watch=true'));
    const watch = client.watch(configMaps, { sendInitialEvents: true, signal });
    const last = (async () => {
      for await (const _ of watch);
    })();
    await last.catch(() => {});
  };
  for (let round = 0; round < 20; round += 1) await callAndWatch();
  const before = heapKb();
  for (let round = 0; round < 200; round += 1) await callAndWatch();
  api.requests.splice(0);
  expect(heapKb() - before).toBeLessThan(3000);
  expect(clock.pending).toBe(0);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  await eventually(() => (served.openConnections <= 2 ? true : null));
});
