import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { EventCorrelator, type EventNote } from './event-correlator.ts';
import { EventRecorder } from './events.ts';
import { KubeError } from './kube-error.ts';
import { LruMap } from './lru-map.ts';
import { ScriptedServer } from './testing/scripted-server.ts';

function note(message: string, name = 'web', reason = 'Shifted'): EventNote {
  return {
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: 'shop', name, uid: `uid-${name}`, resourceVersion: '7' },
    },
    type: 'Normal',
    reason,
    message,
  };
}

describe('event correlator', () => {
  function setUp() {
    const correlator = new EventCorrelator();
    const at = (nowMs: number, what: EventNote): string => {
      const found = correlator.correlate(what, nowMs, nowMs);
      return found.kind === 'dropped' ? 'dropped' : `${found.event.count} × ${found.event.note.message}`;
    };
    return { at, correlator };
  }

  test('the same event again raises the count, under the same name', () => {
    const { correlator } = setUp();
    const names = [0, 1000, 500_000].map((nowMs) => correlator.correlate(note('to 10 %'), nowMs, nowMs));
    expect(
      names.map((found) => (found.kind === 'write' ? [found.event.name, found.event.count] : [])),
    ).toEqual([
      [expect.stringMatching(/^web\.0[0-9a-f]{8}$/), 1],
      [names[0]?.kind === 'write' ? names[0].event.name : '', 2],
      [names[0]?.kind === 'write' ? names[0].event.name : '', 3],
    ]);
  });

  test('from the eleventh different message within ten minutes on, they are one event', () => {
    const { at } = setUp();
    const said = Array.from({ length: 13 }, (_, number) => at(number * 1000, note(`message ${number}`)));
    expect(said.slice(8)).toEqual([
      '1 × message 8',
      '1 × message 9',
      '1 × (combined from similar events): message 10',
      '2 × (combined from similar events): message 11',
      '3 × (combined from similar events): message 12',
    ]);
    expect(at(13_000, note('message 3'))).toBe('2 × message 3');
    expect(at(13_000, note('another', 'web', 'Failed'))).toBe('1 × another');
    expect(at(13_000 + 600_001, note('message 20'))).toBe('1 × message 20');
  });

  test('an object has 25 events, and one more each five minutes; another object its own', () => {
    const { at } = setUp();
    const said = Array.from({ length: 40 }, () => at(0, note('again')));
    expect(said.filter((text) => text !== 'dropped').length).toBe(25);
    expect(at(0, note('again', 'api'))).toBe('1 × again');
    expect(at(299_999, note('again'))).toBe('dropped');
    expect(at(300_000, note('again'))).toBe('42 × again');
    expect(at(300_000, note('again'))).toBe('dropped');
  });

  test('remembers so many, and forgets the one that was used longest ago', () => {
    const map = new LruMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2]);
  });
});

describe('event recorder', () => {
  function setUp() {
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const server = new ScriptedServer(clock);
    const fates: string[] = [];
    const problems: string[] = [];
    const recorder = new EventRecorder({
      client: server,
      clock,
      random: () => 0,
      component: 'sluice',
      instance: 'host-1',
      onFate: (fate) => fates.push(fate),
      report: ({ message }) => problems.push(message),
    });
    return { clock, server, recorder, fates, problems };
  }

  test('creates an event, then raises its count; after an hour it is created again', async () => {
    const { clock, server, recorder, fates } = setUp();
    recorder.record(note('to 10 %'));
    await clock.runFor(5000);
    const [event] = server.objects.values();
    expect({ ...event, metadata: { namespace: event?.metadata.namespace } }).toEqual({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: 'shop' },
      involvedObject: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        namespace: 'shop',
        name: 'web',
        uid: 'uid-web',
        resourceVersion: '7',
      },
      type: 'Normal',
      reason: 'Shifted',
      message: 'to 10 %',
      count: 1,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      source: { component: 'sluice', host: 'host-1' },
      reportingComponent: 'sluice',
      reportingInstance: 'host-1',
    });
    recorder.record(note('to 10 %'));
    await clock.runFor(0);
    const patched = {
      count: 2,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:05Z',
    };
    expect([...server.objects.values()]).toMatchObject([patched]);
    server.objects.clear();
    recorder.record(note('to 10 %'));
    await clock.runFor(0);
    expect([...server.objects.values()]).toMatchObject([{ count: 3 }]);
    expect(fates).toEqual(['written', 'written', 'written']);
  });

  test('tries an absent server four times, a refusal once, and drops what is too much', async () => {
    const { clock, server, recorder, fates, problems } = setUp();
    const refuse = (reason: 'Unreachable' | 'Forbidden') => ({
      call: () => ({ kind: 'error' as const, error: new KubeError({ reason, message: reason }) }),
    });
    server.faults = refuse('Unreachable');
    recorder.record(note('a'));
    await clock.runFor(30_000);
    expect([server.calls.length, fates]).toEqual([4, ['failed']]);
    server.faults = refuse('Forbidden');
    recorder.record(note('b'));
    await clock.runFor(30_000);
    expect([server.calls.length, fates]).toEqual([5, ['failed', 'failed']]);
    expect(problems).toEqual(['Unreachable', 'Forbidden']);
    for (let at = 0; at < 1010; at += 1) recorder.record(note('c', `web-${at}`));
    expect(fates.filter((fate) => fate === 'dropped').length).toBe(9);
  });

  test('writes also where nobody asks what became of it', async () => {
    const { clock, server } = setUp();
    const recorder = new EventRecorder({
      client: server,
      clock,
      random: () => 0,
      component: 's',
      instance: 'h',
    });
    recorder.record({ ...note('a'), object: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } } });
    await recorder.flush(1000);
    expect([...server.objects.values()]).toMatchObject([
      { metadata: { namespace: 'default' }, message: 'a' },
    ]);
  });

  test('an event whose answer was lost has been written', async () => {
    const { clock, server, recorder, fates } = setUp();
    const create = server.create.bind(server);
    server.create = async (resource, object) => {
      await create(resource, object);
      server.create = create;
      throw new KubeError({ reason: 'Unreachable', message: 'reset' });
    };
    recorder.record(note('a'));
    await clock.runFor(10_000);
    expect([fates, server.objects.size]).toEqual([['written'], 1]);
  });

  test('a flush waits for what was recorded, and ends it at its deadline', async () => {
    const { clock, server, recorder, fates } = setUp();
    recorder.record(note('a'));
    recorder.record(note('b'));
    await recorder.flush(5000);
    expect(fates).toEqual(['written', 'written']);
    server.faults = {
      call: () => ({ kind: 'error', error: new KubeError({ reason: 'Unreachable', message: 'away' }) }),
    };
    recorder.record(note('c'));
    recorder.record(note('d'));
    const flushed = recorder.flush(1000);
    await clock.runFor(1000);
    await flushed;
    recorder.record(note('e'));
    expect(fates.slice(2)).toEqual(['failed', 'dropped', 'dropped']);
    expect(clock.nextMs).toBe(null);
  });
});
