import { expect, test } from 'vitest';
import { FakeRecorder } from '../../test/fakes/fake-commands.ts';
import { sampleEvent } from '../../test/fakes/records.ts';
import type { ServiceKey } from '../engine/ports.ts';
import { viewSchema } from '../resource/view.ts';
import { type LiveMessage, liveStream, type LiveStreamOptions } from './live-stream.ts';
import { sseText } from './sse-response.ts';

function setUp(options: Partial<LiveStreamOptions> = {}) {
  const recorder = new FakeRecorder();
  const end = new AbortController();
  let listener: (key: ServiceKey) => void = () => undefined;
  const stream = liveStream(
    {
      nowMs: () => 7,
      lastSequence: () => recorder.recorded.at(-1)?.sequence ?? 0,
      readEvents: (afterSequence, limit) => recorder.events({ afterSequence, limit }),
      subscribeEvents: (each) => recorder.subscribe(each),
      subscribeServices: (each) => {
        listener = each;
        return () => undefined;
      },
      snapshot: () => ({ schema: viewSchema, kind: 'ServiceList', nowMs: 7, sequence: 0, services: [] }),
      service: () => undefined,
    },
    {
      afterSequence: null,
      concerns: null,
      signal: end.signal,
      pingMs: 20,
      coalesceMs: 1,
      queueLimit: 3,
      ...options,
    },
  );
  const next = async (): Promise<string> => {
    const result: IteratorResult<LiveMessage> = await stream.next();
    if (result.done === true) return 'end';
    const { message, id } = result.value;
    const detail =
      message.type === 'event'
        ? ` ${message.data.sequence}`
        : message.type === 'gone'
          ? ` ${message.data.key}`
          : '';
    return `${message.type}${detail}${id === null ? '' : ` id ${id}`}`;
  };
  return { recorder, end, next, tell: (key: ServiceKey) => listener(key) };
}

test('history from the last seen event, then the state, then what comes', async () => {
  const { recorder, next } = setUp({ afterSequence: 1 });
  for (const sequence of [1, 2, 3]) recorder.record(sampleEvent(sequence));
  expect([await next(), await next(), await next()]).toEqual([
    'event 2 id 2',
    'event 3 id 3',
    'snapshot id 3',
  ]);
  recorder.record(sampleEvent(4));
  expect([await next(), await next()]).toEqual(['event 4 id 4', 'ping']);
});

test('an event that is recorded while history is read is sent once', async () => {
  const { recorder, next } = setUp({ afterSequence: 0 });
  recorder.record(sampleEvent(1));
  expect(await next()).toBe('event 1 id 1');
  recorder.record(sampleEvent(2));
  expect([await next(), await next(), await next()]).toEqual(['snapshot id 1', 'event 2 id 2', 'ping']);
});

test('a number from another record starts with the state', async () => {
  const { next } = setUp({ afterSequence: 99 });
  expect(await next()).toBe('snapshot id 0');
});

test('many changes of a service are one message, and no service is dropped', async () => {
  const { next, tell } = setUp();
  await next();
  for (let round = 0; round < 1_000; round++) for (const key of ['a', 'b', 'c', 'd', 'e']) tell(key);
  expect([await next(), await next(), await next(), await next(), await next(), await next()]).toEqual([
    'gone a',
    'gone b',
    'gone c',
    'gone d',
    'gone e',
    'ping',
  ]);
});

test('a reader that is too slow for the events is sent away, to resume', async () => {
  const { recorder, next } = setUp();
  await next();
  for (let sequence = 1; sequence <= 4; sequence++) recorder.record(sampleEvent(sequence));
  expect(await next()).toBe('end');
});

test('only what concerns the reader', async () => {
  const { recorder, next, tell } = setUp({ concerns: (key) => key === 'default/a' });
  await next();
  recorder.record(sampleEvent(1, 'default/b'));
  tell('default/b');
  recorder.record(sampleEvent(2, 'default/a'));
  expect([await next(), await next()]).toEqual(['event 2 id 2', 'ping']);
});

test('the signal ends it', async () => {
  const { end, next } = setUp({ pingMs: 60_000 });
  await next();
  const last = next();
  end.abort();
  expect(await last).toBe('end');
});

test('one message as text', () => {
  expect(sseText({ message: { type: 'ping', data: { nowMs: 7 } }, id: 3 })).toBe(
    'event: ping\ndata: {"nowMs":7}\nid: 3\n\n',
  );
});
