import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exampleEvent } from '../../test/fakes/examples.ts';
import type { RecordedEvent } from '../engine/ports.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { exportEvents, verifyChain } from './audit.ts';
import { EventFeed } from './event-feed.ts';
import { seal } from './event-chain.ts';

function chain(count: number): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  for (let n = 1; n <= count; n += 1) {
    const event = exampleEvent({ id: `e${n}`, data: { weightPercent: n / 3, note: 'ü' } });
    events.push(seal(event, events.at(-1) ?? null).recorded);
  }
  return events;
}

const lines = (events: readonly unknown[]): string[] => events.map((event) => canonicalJson(event));

test('the hash of the first record is what it is: a change of the form would break every chain there is', () => {
  const event = {
    id: 'u/1',
    atMs: 1_700_000_000_000,
    key: 'default/shop',
    rollout: 'shop-v1-1',
    kind: 'transition',
    actor: { kind: 'person', name: 'ada' },
    message: 'Pending to Starting',
    data: { b: 1, a: [null, 0.1] },
  } as const;
  expect(seal(event, null)).toMatchInlineSnapshot(`
    {
      "body": "{"actor":{"kind":"person","name":"ada"},"atMs":1700000000000,"data":{"a":[null,0.1],"b":1},"id":"u/1","key":"default/shop","kind":"transition","message":"Pending to Starting","previousHash":"0000000000000000000000000000000000000000000000000000000000000000","rollout":"shop-v1-1","sequence":1}",
      "recorded": {
        "actor": {
          "kind": "person",
          "name": "ada",
        },
        "atMs": 1700000000000,
        "data": {
          "a": [
            null,
            0.1,
          ],
          "b": 1,
        },
        "hash": "433dd5ff28e30ee25952cd032b5acdfecac13f2a19e2fc2cccfa58419b96a706",
        "id": "u/1",
        "key": "default/shop",
        "kind": "transition",
        "message": "Pending to Starting",
        "previousHash": "0000000000000000000000000000000000000000000000000000000000000000",
        "rollout": "shop-v1-1",
        "sequence": 1,
      },
    }
  `);
});

test('an export verifies, also a part of it, and pages are joined', async () => {
  const events = chain(1_203);
  const recorder = {
    events: ({ afterSequence = 0, limit = 9 }) =>
      Promise.resolve(events.filter((event) => event.sequence > afterSequence).slice(0, limit)),
  };
  const last = events.at(-1);
  expect(await verifyChain(exportEvents(recorder))).toEqual({
    kind: 'ok',
    events: 1_203,
    firstSequence: 1,
    lastSequence: 1_203,
    lastHash: last?.hash,
  });
  expect(await verifyChain(exportEvents(recorder, { afterSequence: 700, limit: 501 }))).toMatchObject({
    events: 501,
    firstSequence: 701,
  });
  expect(await verifyChain([])).toMatchObject({ kind: 'ok', events: 0, lastHash: null });
});

test('records cut off at the end are seen with an anchor, and a rebuilt chain too', async () => {
  const events = chain(9);
  const anchor = { sequence: 9, hash: events[8]?.hash ?? '' };
  expect(await verifyChain(lines(events), anchor)).toMatchObject({ kind: 'ok' });
  expect(await verifyChain(lines(events.slice(0, 8)), anchor)).toMatchObject({ kind: 'broken', sequence: 8 });
  const rebuilt = chain(8);
  rebuilt.push(seal(exampleEvent({ id: 'other' }), rebuilt.at(-1) ?? null).recorded);
  expect(await verifyChain(lines(rebuilt), anchor)).toMatchObject({
    kind: 'broken',
    sequence: 9,
    why: expect.stringContaining('rebuilt'),
  });
});

test('the first bad record is named, whatever was done to it', async () => {
  const events = chain(6);
  const changed = (more: object): string[] =>
    lines(events.map((event) => (event.sequence === 4 ? { ...event, ...more } : event)));
  expect(await verifyChain(changed({ message: 'nothing happened' }))).toEqual({
    kind: 'broken',
    line: 4,
    sequence: 4,
    why: 'its content does not match its hash',
  });
  expect(await verifyChain(changed({ note: 1 }))).toMatchObject({
    line: 4,
    why: 'its content does not match its hash',
  });
  expect(await verifyChain(changed({ previousHash: '00' }))).toMatchObject({
    line: 4,
    why: 'it does not name the hash of the record before it',
  });
  expect(await verifyChain(lines(events.filter((event) => event.sequence !== 4)))).toMatchObject({
    line: 4,
    sequence: 5,
    why: 'it follows record 3: records between them are missing or out of order',
  });
  expect(await verifyChain([...lines(events.slice(0, 2)), '{"truncated'])).toMatchObject({
    line: 3,
    sequence: null,
  });
  const resealed = seal({ ...exampleEvent({ id: 'e4' }), message: 'forged' }, events[2] ?? null).recorded;
  expect(await verifyChain(lines([...events.slice(0, 3), resealed, ...events.slice(4)]))).toMatchObject({
    line: 5,
  });
});

test('no single changed character of any record goes unseen', async () => {
  const text = lines(chain(3)).join('\n');
  await fc.assert(
    fc.asyncProperty(
      fc.nat(text.length - 1),
      fc.constantFrom('0', 'a', '}', '"', ' '),
      async (at, character) => {
        const altered = `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
        fc.pre(altered !== text);
        const kept = altered.split('\n').map((line) => safely(line));
        // White space between members is no change of the record.
        fc.pre(JSON.stringify(kept) !== JSON.stringify(text.split('\n').map((line) => safely(line))));
        expect(await verifyChain(altered.split('\n'))).toMatchObject({ kind: 'broken' });
      },
    ),
  );
});

function safely(line: string): string {
  try {
    return canonicalJson(JSON.parse(line));
  } catch {
    return line;
  }
}

test('events whose write lost its answer are told with the next ones, each once, in order', async () => {
  const disk = chain(6);
  const heard: number[] = [];
  const logged: string[] = [];
  const feed = new EventFeed({
    lastSequence: 1,
    read: (after) => Promise.resolve(disk.filter((event) => event.sequence > after)),
    log: (_level, message) => logged.push(message),
  });
  feed.subscribe(() => {
    throw new Error('a listener that fails');
  });
  feed.subscribe((event) => heard.push(event.sequence));
  feed.tell(disk.slice(1, 2));
  feed.tell([]);
  feed.tell(disk.slice(4, 5));
  feed.tell(disk.slice(5, 6));
  await new Promise(setImmediate);
  expect(heard).toEqual([2, 3, 4, 5, 6]);
  expect(logged).toHaveLength(5);
});
