import { expect, test } from 'vitest';
import { SeededRandom } from '../../test/fakes/seeded-random.ts';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import type { WatchOptions } from './client.ts';
import { KubeError } from './kube-error.ts';
import type { KubeObject, Resource } from './object.ts';
import { Reflector } from './reflector.ts';
import { ScriptedServer } from './testing/scripted-server.ts';
import { things } from './testing/things.ts';

function setUp() {
  const clock = new VirtualClock();
  const server = new ScriptedServer(clock);
  const told: string[] = [];
  const name = ({ metadata }: KubeObject): string => `${metadata.name}@${metadata.resourceVersion}`;
  const random = new SeededRandom(1);
  const reflector = new Reflector<KubeObject>({
    client: server,
    resource: things,
    clock,
    random: () => random.next(),
    sink: {
      replace: (items, version) => told.push(`list at ${version}: ${items.map(name).join(' ')}`),
      apply: ({ type, object }) => told.push(`${type} ${name(object)}`),
      reached: () => {},
    },
  });
  return { clock, server, told, reflector, stop: new AbortController() };
}

function silence(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new KubeError({ reason: 'Aborted', message: 'stopped' })));
  });
}

test('a watch of a version that is yet to be, on a storage that was set back, is followed by a list', async () => {
  const { clock, server, told, reflector, stop } = setUp();
  for (const each of ['a', 'b', 'c']) server.put({ name: each });
  const broken = new AbortController();
  const watch = server.watch.bind(server);
  server.watch = async function* <Item extends KubeObject>(resource: Resource, options?: WatchOptions) {
    if (Number(options?.resourceVersion ?? 0) > server.version) await silence(options?.signal);
    const signal = AbortSignal.any([options?.signal ?? stop.signal, broken.signal]);
    yield* watch<Item>(resource, broken.signal.aborted ? options : { ...options, signal });
  };
  const running = reflector.run(stop.signal);
  await clock.runFor(1000);
  server.version = 50;
  server.compact();
  server.objects.delete('b');
  server.put({ name: 'a' });
  broken.abort();
  await clock.runFor(150_000);
  expect(told).toEqual(['list at 103: a@101 b@102 c@103', 'list at 51: a@51 c@103']);
  stop.abort();
  await running;
});

test('a connection that falls silent after a bookmark goes on where it was, without a list', async () => {
  const { clock, server, told, reflector, stop } = setUp();
  server.put({ name: 'a' });
  const running = reflector.run(stop.signal);
  await clock.runFor(90_000);
  server.faults = { event: () => ({ kind: 'stall' }) };
  server.put({ name: 'b' });
  await clock.runFor(0);
  server.faults = {};
  await clock.runFor(150_000);
  expect(told).toEqual(['list at 101: a@101', 'ADDED b@102']);
  stop.abort();
  await running;
});
