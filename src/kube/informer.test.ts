import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { Informer } from './informer.ts';
import { keyOf, type KubeObject } from './object.ts';
import { ScriptedServer } from './testing/scripted-server.ts';
import { things } from './testing/things.ts';

interface Thing extends KubeObject {
  readonly target?: string;
}

function setUp() {
  const clock = new VirtualClock();
  const server = new ScriptedServer(clock);
  const informer = new Informer<Thing>({
    client: server,
    resource: things,
    clock,
    random: () => 0.5,
    indexes: { target: ({ target }) => (target === undefined ? [] : [target]) },
    transform: ({ apiVersion, kind, metadata, target }) => ({
      apiVersion,
      kind,
      metadata,
      ...(target === undefined ? {} : { target }),
    }),
  });
  const keys: string[] = [];
  const queue = { add: (key: string, priority: number) => keys.push(`${key} ${priority}`) };
  const stop = new AbortController();
  return { clock, server, informer, keys, queue, stop };
}

const ownedBy = (name: string) => ({
  ownerReferences: [{ apiVersion: 'v1', kind: 'Owner', name, uid: `uid of ${name}` }],
});

describe('informer', () => {
  test('reads from the cache once it is synced, by name, namespace, owner and index; the rest of the object is dropped', async () => {
    const { clock, server, informer, stop } = setUp();
    server.put({ namespace: 'x', name: 'a' }, { target: 't1', large: 'text' }, ownedBy('o'));
    server.put({ namespace: 'y', name: 'b' }, { target: 't1' });
    const running = informer.run(stop.signal);
    let isSynced: boolean | null = null;
    void informer.whenSynced(stop.signal).then((synced) => (isSynced = synced));
    expect([informer.synced, informer.resourceVersion]).toEqual([false, null]);
    await clock.runFor(10);
    expect([isSynced, informer.synced, informer.size, informer.resourceVersion]).toEqual([
      true,
      true,
      2,
      '102',
    ]);
    const { lister } = informer;
    const names = (objects: readonly KubeObject[]): string =>
      objects.map(({ metadata }) => keyOf(metadata)).join();
    expect(names(lister.list())).toBe('x/a,y/b');
    expect(names(lister.inNamespace('y'))).toBe('y/b');
    expect(names(lister.ownedBy('uid of o'))).toBe('x/a');
    expect(names(lister.by('target', 't1'))).toBe('x/a,y/b');
    expect(Object.keys(lister.get({ namespace: 'x', name: 'a' }) ?? {})).toEqual([
      'apiVersion',
      'kind',
      'metadata',
      'target',
    ]);
    stop.abort();
    await running;
    expect(await informer.whenSynced(stop.signal)).toBe(true);
  });

  test('feeds keys only: the first list at low priority, changes at normal, the old owner as well as the new one', async () => {
    const { clock, server, informer, keys, queue, stop } = setUp();
    server.put({ name: 'a' }, {}, ownedBy('o1'));
    informer.feed(queue, ({ metadata }) => (metadata.ownerReferences ?? []).map(({ name }) => name));
    const running = informer.run(stop.signal);
    await clock.runFor(10);
    server.put({ name: 'a' }, {}, ownedBy('o2'));
    server.drop({ name: 'a' });
    await clock.runFor(10);
    expect(keys.splice(0)).toEqual(['o1 -100', 'o1 0', 'o2 0', 'o2 0']);
    server.put({ name: 'b' });
    await clock.runFor(10);
    informer.feed(queue);
    expect(keys).toEqual(['b -100']);
    stop.abort();
    await running;
  });

  test('what changed during a gap is told after it, deletions included', async () => {
    const { clock, server, informer, keys, queue, stop } = setUp();
    for (const name of ['a', 'b', 'c']) server.put({ name });
    informer.feed(queue);
    const running = informer.run(stop.signal);
    await clock.runFor(10);
    keys.length = 0;
    server.drop({ name: 'a' });
    server.put({ name: 'b' });
    server.drop({ name: 'c' });
    server.put({ name: 'c' });
    server.compact();
    await clock.runFor(5000);
    expect(keys.toSorted()).toEqual(['a 0', 'b 0', 'b 0', 'c 0', 'c 0']);
    stop.abort();
    await running;
  });

  test('all keys come again each ten minutes, at low priority, without a call', async () => {
    const { clock, server, informer, keys, queue, stop } = setUp();
    server.put({ name: 'a' });
    informer.feed(queue);
    const running = informer.run(stop.signal);
    await clock.runFor(599_999);
    expect(keys).toEqual(['a -100']);
    await clock.runFor(601_000);
    expect(keys).toEqual(['a -100', 'a -100', 'a -100']);
    stop.abort();
    await running;
    expect(clock.nextMs).toBe(null);
  });

  test('a wait for the caches ends with the signal', async () => {
    const { informer, stop } = setUp();
    const waiting = informer.whenSynced(stop.signal);
    stop.abort();
    expect(await waiting).toBe(false);
  });

  test('a function that trips over one object is reported, and costs no other object its place or its key', async () => {
    const clock = new VirtualClock();
    const server = new ScriptedServer(clock);
    const problems: string[] = [];
    const trip = ({ metadata, target = '' }: Thing): string => {
      if (metadata.name === 'bad') throw new TypeError('no target');
      return target;
    };
    const informer = new Informer<Thing>({
      client: server,
      resource: things,
      clock,
      random: () => 0.5,
      indexes: { target: (thing) => [trip(thing)] },
      transform: (thing) => ({ ...thing, target: trip(thing) }),
      report: ({ where, message }) => problems.push(`${where}: ${message}`),
    });
    const keys: string[] = [];
    const plain: string[] = [];
    informer.feed({ add: (key) => keys.push(key) }, (thing) => [trip(thing)]);
    informer.feed({ add: (key) => plain.push(key) });
    server.put({ name: 'bad' });
    server.put({ name: 'good' }, { target: 't' });
    const stop = new AbortController();
    const running = informer.run(stop.signal);
    await clock.runFor(0);
    server.put({ name: 'bad' }, { target: 't' });
    server.put({ name: 'good' }, { target: 'u' });
    await clock.runFor(0);
    expect([keys, plain]).toEqual([
      ['t', 't', 'u'],
      ['bad', 'good', 'bad', 'bad', 'good', 'good'],
    ]);
    expect(informer.lister.by('target', 'u').map(({ metadata }) => metadata.name)).toEqual(['good']);
    expect(informer.lister.get({ name: 'bad' })?.target).toBe('t');
    expect([...new Set(problems)].toSorted()).toEqual([
      'informer things, index target of bad: no target',
      'informer things, keys of bad: no target',
      'informer things, transform of bad: no target',
    ]);
    stop.abort();
    await running;
  });
});
