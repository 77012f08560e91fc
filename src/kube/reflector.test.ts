import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../test/fakes/seeded-random.ts';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import type { WatchEvent } from './client.ts';
import { KubeError } from './kube-error.ts';
import { keyOf, type KubeObject } from './object.ts';
import { Reflector } from './reflector.ts';
import { ScriptedServer, type Fault } from './testing/scripted-server.ts';
import { things } from './testing/things.ts';

/** Everything that a reflector told, and the state that follows from it. */
class Follower {
  readonly told: string[] = [];
  readonly objects = new Map<string, KubeObject>();
  /** Per list: its version, and the versions of the events after it. */
  readonly runs: { readonly at: number; readonly events: number[] }[] = [];
  reachedVersion = '0';
  wentBack = false;

  replace(items: readonly KubeObject[], resourceVersion: string): void {
    this.told.push(`list of ${items.length} at ${resourceVersion}`);
    this.objects.clear();
    for (const item of items) this.objects.set(keyOf(item.metadata), item);
    this.runs.push({ at: Number(resourceVersion), events: [] });
  }

  apply({ type, object }: { readonly type: string; readonly object: KubeObject }): void {
    this.told.push(`${type} ${object.metadata.name} ${object.metadata.resourceVersion}`);
    if (type === 'DELETED') this.objects.delete(keyOf(object.metadata));
    else this.objects.set(keyOf(object.metadata), object);
    this.runs.at(-1)?.events.push(Number(object.metadata.resourceVersion));
  }

  reached(resourceVersion: string): void {
    if (Number(resourceVersion) < Number(this.reachedVersion)) this.wentBack = true;
    this.reachedVersion = resourceVersion;
  }
}

function setUp(seed = 1) {
  const clock = new VirtualClock();
  const server = new ScriptedServer(clock);
  const sink = new Follower();
  const random = new SeededRandom(seed);
  const problems: string[] = [];
  const reflector = new Reflector<KubeObject>({
    client: server,
    resource: things,
    sink,
    clock,
    random: () => random.next(),
    report: ({ message }) => problems.push(message),
  });
  const stop = new AbortController();
  const start = (): Promise<void> => reflector.run(stop.signal);
  return { clock, server, sink, problems, reflector, stop, start, random };
}

function errorOf(
  reason: 'TooManyRequests' | 'Unreachable' | 'InternalError' | 'NotFound',
  retryAfterMs = 0,
): Fault {
  return { kind: 'error', error: new KubeError({ reason, message: reason, retryAfterMs }) };
}

describe('reflector', () => {
  test('streams the list and watches on, on one stream; a bookmark moves the version', async () => {
    const { clock, server, sink, start, stop, problems } = setUp();
    server.put({ name: 'a' });
    server.put({ name: 'b' });
    const running = start();
    await clock.runFor(1000);
    server.put({ name: 'a' });
    server.drop({ name: 'b' });
    await clock.runFor(1000);
    expect(sink.told).toEqual(['list of 2 at 102', 'MODIFIED a 103', 'DELETED b 104']);
    expect(server.calls).toEqual(['watch things initial']);
    server.version = 150;
    await clock.runFor(700_000);
    expect(server.calls.length).toBeGreaterThan(1);
    expect(new Set(server.calls.slice(1))).toEqual(new Set(['watch things 104']));
    expect(problems).toEqual([]);
    stop.abort();
    await running;
    expect(clock.nextMs).toBe(null);
  });

  test('lists in pages where the server streams none, and remembers it; without managed fields, with kinds', async () => {
    const { clock, server, sink, start, stop } = setUp();
    server.streams = false;
    for (let at = 0; at < 1201; at += 1) server.put({ name: `t${at}` }, {}, { managedFields: [{}] });
    const running = start();
    await clock.runFor(100);
    expect(server.calls).toEqual([
      'watch things initial',
      'list things limit 500',
      'list things 1301@500',
      'list things 1301@1000',
      'watch things 1301',
    ]);
    expect(sink.told).toEqual(['list of 1201 at 1301']);
    const kept = sink.objects.get('t7');
    expect([kept?.kind, kept?.apiVersion, kept?.metadata.managedFields]).toEqual(['Thing', 'v1', undefined]);
    stop.abort();
    await running;
  });

  test('a version that expires between two pages starts the list again, at last without pages', async () => {
    const { clock, server, sink, start, stop } = setUp();
    server.streams = false;
    for (let at = 0; at < 700; at += 1) server.put({ name: `t${at}` });
    server.faults = {
      call: (verb, what) => {
        if (verb !== 'list' || !what.includes('@')) return undefined;
        return { kind: 'error', error: new KubeError({ reason: 'Expired', code: 410, message: 'expired' }) };
      },
    };
    const running = start();
    await clock.runFor(100);
    expect(server.calls.slice(1)).toEqual([
      'list things limit 500',
      'list things 800@500',
      'list things limit 500',
      'list things 800@500',
      'list things limit none',
      'watch things 800',
    ]);
    expect(sink.objects.size).toBe(700);
    stop.abort();
    await running;
  });

  test('a server that knows nothing of streamed lists and says nothing is listed in pages after 30 s', async () => {
    const { clock, server, sink, start, stop } = setUp();
    server.put({ name: 'a' });
    server.faults = { event: () => ({ kind: 'stall' }) };
    const running = start();
    await clock.runFor(29_000);
    expect(sink.told).toEqual([]);
    await clock.runFor(4000);
    expect(sink.told).toEqual(['list of 1 at 101']);
    server.faults = { event: () => ({ kind: 'expire' }) };
    server.put({ name: 'b' });
    await clock.runFor(0);
    server.faults = {};
    await clock.runFor(5000);
    expect(sink.told.at(-1)).toBe('list of 2 at 102');
    expect(server.calls.at(-1)).toBe('watch things initial');
    stop.abort();
    await running;
  });

  test('what changes while the list is streamed is in it; an event without a version is as good as unreadable', async () => {
    const { clock, server, sink, start, stop, problems } = setUp();
    const thing = (name: string, resourceVersion?: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Thing',
      metadata: { name, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    });
    server.watch = async function* <Item extends KubeObject>() {
      const events: WatchEvent<KubeObject>[] = [
        { type: 'ADDED', object: thing('a', '1') },
        { type: 'ADDED', object: thing('b', '2') },
        { type: 'DELETED', object: thing('a', '3') },
        { type: 'BOOKMARK', resourceVersion: '4', initialEventsEnd: false },
        { type: 'MODIFIED', object: thing('b', '5') },
        { type: 'BOOKMARK', resourceVersion: '5', initialEventsEnd: true },
        { type: 'MODIFIED', object: thing('b') },
      ];
      for (const event of events) yield event as WatchEvent<Item>;
    };
    const running = start();
    await clock.runFor(0);
    stop.abort();
    await running;
    expect(sink.told).toEqual(['list of 1 at 5']);
    expect(sink.objects.get('b')?.metadata.resourceVersion).toBe('5');
    expect(problems).toEqual(['an event of things has no resourceVersion']);
  });

  test('a server that ends every watch at once, or in the middle of the list, is not asked without end', async () => {
    let events = 0;
    for (const faults of [
      { event: (): Fault | undefined => ((events += 1) % 2 === 0 ? { kind: 'end' } : undefined) },
      {
        call: (_: string, what: string): Fault | undefined =>
          what === 'initial' ? undefined : { kind: 'end' },
      },
    ]) {
      const { clock, server, start, stop, problems } = setUp();
      server.put({ name: 'a' });
      server.put({ name: 'b' });
      server.faults = faults;
      const running = start();
      await clock.runFor(600_000);
      expect(server.calls.length).toBeLessThan(60);
      expect(problems.at(-1)).toMatch(/ended (at once|before its list was complete)$/);
      stop.abort();
      await running;
    }
  });

  test('410 lists anew at once; a second one soon after waits', async () => {
    const { clock, server, sink, start, stop } = setUp();
    server.put({ name: 'a' });
    const running = start();
    await clock.runFor(1000);
    server.faults = { event: () => ({ kind: 'expire' }) };
    server.put({ name: 'b' });
    server.faults.call = () => {
      server.faults = {};
      return undefined;
    };
    await clock.runFor(0);
    expect(sink.told).toEqual(['list of 1 at 101', 'list of 2 at 102']);
    expect(server.calls).toEqual(['watch things initial', 'watch things initial']);
    stop.abort();
    await running;
  });

  test('429 is waited for in place, as long as the server says', async () => {
    const { clock, server, start, stop } = setUp();
    const running = start();
    await clock.runFor(1000);
    let refusals = 0;
    server.faults = {
      call: () => ((refusals += 1) <= 2 ? errorOf('TooManyRequests', 20_000) : undefined),
      event: () => ({ kind: 'drop' }),
    };
    server.put({ name: 'a' });
    await clock.runFor(2000);
    expect(server.calls).toEqual(['watch things initial', 'watch things 100']);
    await clock.runFor(18_000);
    expect(server.calls.length).toBe(2);
    await clock.runFor(25_000);
    expect(server.calls.slice(2)).toEqual(['watch things 100', 'watch things 100']);
    stop.abort();
    await running;
  });

  test('an unreadable line is read again, never passed over; the third time in a row the state is listed', async () => {
    const { clock, server, sink, start, stop } = setUp();
    const running = start();
    await clock.runFor(1000);
    let unreadable = 3;
    server.faults = { event: () => ((unreadable -= 1) >= 0 ? { kind: 'malformed' } : undefined) };
    server.put({ name: 'a' });
    await clock.runFor(30_000);
    expect(server.calls).toEqual([
      'watch things initial',
      'watch things 100',
      'watch things 100',
      'watch things initial',
    ]);
    expect(sink.told).toEqual(['list of 0 at 100', 'list of 1 at 101']);
    stop.abort();
    await running;
  });

  test('a connection without a sign of life for two minutes is given up', async () => {
    const { clock, server, sink, start, stop, problems, reflector } = setUp();
    const running = start();
    await clock.runFor(1000);
    server.faults = { event: () => ({ kind: 'stall' }) };
    server.put({ name: 'a' });
    await clock.runFor(118_000);
    expect(problems).toEqual([]);
    const silentMs = clock.nowMs() - reflector.lastSignMs;
    expect(silentMs).toBe(119_000);
    server.faults = {};
    await clock.runFor(5000);
    expect(problems.length).toBe(1);
    expect(sink.told).toEqual(['list of 0 at 100', 'ADDED a 101']);
    stop.abort();
    await running;
  });

  test('a storage that was set back is listed; a late bookmark moves nothing back', async () => {
    const { clock, server, sink, start, stop } = setUp();
    const running = start();
    await clock.runFor(1000);
    server.faults = { event: () => ({ kind: 'lateBookmark' }) };
    server.put({ name: 'a' });
    await clock.runFor(0);
    expect([sink.reachedVersion, sink.wentBack]).toEqual(['101', false]);
    const error = new KubeError({ reason: 'Timeout', code: 504, message: 'Too large resource version: 101' });
    server.faults = {
      event: () => {
        server.faults = {};
        return { kind: 'error', error };
      },
    };
    server.put({ name: 'b' });
    await clock.runFor(5000);
    expect(sink.told).toEqual(['list of 0 at 100', 'ADDED a 101', 'list of 2 at 102']);
    stop.abort();
    await running;
  });

  test('a kind that is gone is asked for again and again, slowly, and its objects are kept', async () => {
    const { clock, server, sink, start, stop, problems } = setUp();
    server.put({ name: 'a' });
    const running = start();
    await clock.runFor(1000);
    server.faults = { call: () => errorOf('NotFound'), event: () => ({ kind: 'drop' }) };
    server.put({ name: 'b' });
    await clock.runFor(600_000);
    expect(problems.length).toBeGreaterThan(20);
    expect(problems.length).toBeLessThan(50);
    expect([...sink.objects.keys()]).toEqual(['a']);
    server.faults = {};
    await clock.runFor(31_000);
    expect([...sink.objects.keys()]).toEqual(['a', 'b']);
    stop.abort();
    await running;
  });

  test('whatever happens on the way, no event is lost, none is told out of order, and the end is the state of the server', async () => {
    for (let seed = 1; seed <= 60; seed += 1) await churn(seed);
  });
});

/** 300 changes over an hour or so, under faults of all kinds. */
async function churn(seed: number): Promise<void> {
  const { clock, server, sink, start, stop, random } = setUp(seed);
  const faultChance = random.pick([0, 0.05, 0.2, 0.5]);
  const faulty = (kinds: readonly Fault[]): Fault | undefined =>
    random.chance(faultChance) ? random.pick(kinds) : undefined;
  server.streams = random.chance(0.7);
  server.faults = {
    event: () =>
      faulty([
        { kind: 'drop' },
        { kind: 'end' },
        { kind: 'stall' },
        { kind: 'malformed' },
        { kind: 'lateBookmark' },
        { kind: 'lateBookmark' },
        { kind: 'expire' },
        errorOf('InternalError'),
      ]),
    call: () => faulty([errorOf('TooManyRequests', 3000), errorOf('Unreachable'), errorOf('NotFound')]),
  };
  const running = start();
  for (let change = 0; change < 300; change += 1) {
    const name = { name: `t${random.between(0, 19)}` };
    if (random.chance(0.3) && server.objects.has(keyOf(name))) server.drop(name);
    else server.put(name);
    if (random.chance(0.02)) server.compact();
    if (random.chance(0.7)) await clock.runFor(random.between(0, 20_000));
  }
  server.faults = {};
  await clock.runFor(240_000);
  expect(sink.wentBack, `seed ${seed}`).toBe(false);
  const versions = server.log.map(({ version }) => version);
  for (const { at, events } of sink.runs) {
    const after = versions.filter((version) => version > at);
    expect(events, `seed ${seed}`).toEqual(after.slice(0, events.length));
  }
  expect(sink.runs.at(-1)?.events.length, `seed ${seed}`).toBe(
    versions.filter((version) => version > (sink.runs.at(-1)?.at ?? 0)).length,
  );
  const state = (objects: ReadonlyMap<string, KubeObject>): string[] =>
    [...objects].map(([key, { metadata }]) => `${key} ${metadata.uid} ${metadata.resourceVersion}`).sort();
  expect(state(sink.objects), `seed ${seed}`).toEqual(state(server.objects));
  stop.abort();
  await running;
  expect(clock.nextMs).toBe(null);
}
