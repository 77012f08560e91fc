import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as later } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { KubeClient, WatchEvent, WatchOptions } from '../client.ts';
import { KubeError } from '../kube-error.ts';
import type { KubeObject, Resource } from '../object.ts';
import { JumpingClock } from '../testing/jumping-clock.ts';
import { eventually, Loopback, sendJson } from '../testing/loopback.ts';
import { createKubeClient, type KubeClientOptions } from './create-kube-client.ts';
import { LineCutter } from './line-cutter.ts';
import { watchEventOf } from './watch-event-of.ts';

const pods: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Rig {
  readonly client: KubeClient;
  readonly server: Loopback;
  /** Of the watch under way. */
  readonly stream: () => ServerResponse;
}

async function rig(options: KubeClientOptions = {}): Promise<Rig> {
  let open: ServerResponse | null = null;
  const server = await Loopback.start((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    open = response;
  });
  closing.push(() => server.close());
  const client = createKubeClient(server.cluster(), { timeoutMs: 5_000, ...options });
  closing.push(() => client.close());
  const stream = (): ServerResponse => {
    if (open === null) throw new Error('no watch is open');
    return open;
  };
  return { client, server, stream };
}

interface Seen {
  readonly events: WatchEvent<KubeObject>[];
  /** Null where it ended by itself. */
  readonly end: Promise<KubeError | null>;
}

function follow(client: KubeClient, options: WatchOptions = {}, each = (): void => {}): Seen {
  const events: WatchEvent<KubeObject>[] = [];
  const run = async (): Promise<KubeError | null> => {
    try {
      for await (const event of client.watch(pods, options)) {
        events.push(event);
        each();
      }
      return null;
    } catch (thrown) {
      if (thrown instanceof KubeError) return thrown;
      throw thrown;
    }
  };
  return { events, end: run() };
}

function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function podLine(name: string, type = 'ADDED'): string {
  return line(type, { apiVersion: 'v1', kind: 'Pod', metadata: { name } });
}

const shown = (error: KubeError | null): string =>
  error === null
    ? 'ended'
    : `${error.reason} ${error.code}: ${error.message.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')}`;

/** What one watch makes of these bytes, and how it ends. */
async function told(bytes: string | Buffer, options: KubeClientOptions = {}): Promise<string> {
  const { client, server, stream } = await rig(options);
  const { end, events } = follow(client);
  await eventually(() => server.requests.length === 1, 'the watch is open');
  stream().end(bytes);
  return `${events.length === 0 ? '' : `${events.length} events, `}${shown(await end)}`;
}

describe('a watch', () => {
  test('asks for bookmarks, and for the present objects where wanted', async () => {
    const { client, server, stream } = await rig();
    const urls: string[] = [];
    for (const options of [
      { resourceVersion: '5', timeoutSeconds: 300, namespace: 'ns', labelSelector: 'a=b' },
      { sendInitialEvents: true },
    ] satisfies WatchOptions[]) {
      const { end } = follow(client, options);
      await eventually(() => server.requests.length === urls.length + 1, 'the watch is open');
      stream().end();
      expect(await end).toBe(null);
      urls.push(server.requests.at(-1)?.url ?? '');
    }
    expect(urls).toMatchInlineSnapshot(`
      [
        "/api/v1/namespaces/ns/pods?watch=true&allowWatchBookmarks=true&labelSelector=a%3Db&resourceVersion=5&timeoutSeconds=300",
        "/api/v1/pods?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
      ]
    `);
  });

  test('gives events and bookmarks in order', async () => {
    const { client, server, stream } = await rig();
    const { end, events } = follow(client);
    await eventually(() => server.requests.length === 1, 'the watch is open');
    const bookmark = { apiVersion: 'v1', kind: 'Pod', metadata: { resourceVersion: '9' } };
    stream().write(podLine('a') + podLine('b', 'MODIFIED') + line('BOOKMARK', bookmark));
    await eventually(() => events.length === 3, 'three events came');
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    stream().end(
      `\n${line('BOOKMARK', { ...bookmark, metadata: { resourceVersion: '10', annotations } })}${podLine('a', 'DELETED')}`,
    );
    expect(await end).toBe(null);
    expect(events).toEqual([
      { type: 'ADDED', object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } } },
      { type: 'MODIFIED', object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b' } } },
      { type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: false },
      { type: 'BOOKMARK', resourceVersion: '10', initialEventsEnd: true },
      { type: 'DELETED', object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } } },
    ]);
  });

  test('rejects on every line that it cannot read, after the events before it', async () => {
    const gone = {
      kind: 'Status',
      status: 'Failure',
      reason: 'Expired',
      code: 410,
      message: 'too old resource version',
    };
    expect({
      'no JSON': await told(`${podLine('a')}{"type":"ADDED","object":{"metadata":{"password":"s3cret"}\n`),
      'a page': await told('<html><body>Bad gateway</body></html>\n'),
      'no UTF-8': await told(Buffer.from([...Buffer.from(podLine('a').slice(0, 40)), 0xc3, 0x28, 0x0a])),
      'no object': await told('{"type":"ADDED"}\n'),
      'another type': await told(line('RENAMED', {})),
      'an object that is none': await told(line('ADDED', { a: 1 })),
      'a bookmark without version': await told(line('BOOKMARK', { metadata: {} })),
      'no line end': await told(podLine('a').trim()),
      'an error: expired': await told(podLine('a') + line('ERROR', gone)),
      'an error: gone': await told(line('ERROR', { ...gone, reason: 'Gone' })),
      'an error: code alone': await told(line('ERROR', { code: 410 })),
      'an error: internal': await told(line('ERROR', { kind: 'Status', code: 500, message: 'etcd' })),
    }).toMatchInlineSnapshot(`
      {
        "a bookmark without version": "Malformed 0: watch /api/v1/pods: the server sent a bookmark without a resourceVersion",
        "a page": "Malformed 200: watch /api/v1/pods: the server answered with a web page (HTTP 200: Bad gateway); see that server names an API server and that no proxy or login page lies between",
        "an error: code alone": "Expired 410: watch /api/v1/pods: Expired",
        "an error: expired": "Expired 410: watch /api/v1/pods: too old resource version",
        "an error: gone": "Expired 410: watch /api/v1/pods: too old resource version",
        "an error: internal": "InternalError 500: watch /api/v1/pods: etcd",
        "an object that is none": "Malformed 0: watch /api/v1/pods: the server sent an event of something that is no object",
        "another type": "Malformed 0: watch /api/v1/pods: the server sent an event of a type that is not known",
        "no JSON": "Malformed 0: watch /api/v1/pods: the server sent something that is no whole JSON (58 characters)",
        "no UTF-8": "Malformed 0: watch /api/v1/pods: the server sent bytes that are no UTF-8; something on the way damages its answers",
        "no line end": "Malformed 0: watch /api/v1/pods: the server ended in the middle of a line",
        "no object": "Malformed 0: watch /api/v1/pods: the server sent an event without an object",
      }
    `);
  });

  test('a line of 3 MB is an object, one of 10 MB is not, and is not held', async () => {
    const { client, server, stream } = await rig();
    const { end, events } = follow(client);
    await eventually(() => server.requests.length === 1, 'the watch is open');
    stream().write(podLine('a'.repeat(3_000_000)));
    await eventually(() => events.length === 1, 'the large one came');
    stream().end(podLine('a'.repeat(10_000_000)));
    expect(shown(await end)).toMatchInlineSnapshot(
      `"Malformed 0: watch /api/v1/pods: the server sent a line of more than 8388608 bytes, which no object is"`,
    );
  });

  test('is opened with the refusals of a call: 410 is Expired, 403 Forbidden, a page Malformed', async () => {
    const answers: [number, object | string][] = [
      [410, { kind: 'Status', code: 410, reason: 'Gone', message: 'too old' }],
      [
        403,
        {
          kind: 'Status',
          code: 403,
          reason: 'Forbidden',
          message: 'pods is forbidden: User "u" cannot watch',
        },
      ],
      [404, '404 page not found'],
    ];
    const server = await Loopback.start((_, response) => {
      const [code, body] = answers[server.requests.length - 1] ?? [200, ''];
      if (typeof body === 'string') response.writeHead(code, { 'content-type': 'text/plain' }).end(body);
      else sendJson(response, body, code);
    });
    closing.push(() => server.close());
    const client = createKubeClient(server.cluster());
    closing.push(() => client.close());
    const seen: string[] = [];
    for (const _ of answers) seen.push(shown(await follow(client).end));
    expect(seen).toMatchInlineSnapshot(`
      [
        "Expired 410: GET /api/v1/pods: too old",
        "Forbidden 403: GET /api/v1/pods: pods is forbidden: User "u" cannot watch",
        "NotFound 404: GET /api/v1/pods: HTTP 404: 404 page not found; nothing is served there: install the CRD of this kind, or see which versions of it there are",
      ]
    `);
  });

  test('that breaks off is Unreachable', async () => {
    const { client, server, stream } = await rig();
    const { end, events } = follow(client);
    await eventually(() => server.requests.length === 1, 'the watch is open');
    stream().write(podLine('a') + podLine('b').slice(0, 10));
    await eventually(() => events.length === 1, 'the event came');
    stream().destroy();
    expect((await end)?.reason).toBe('Unreachable');
  });

  test('has no deadline once it is open, and is broken by silence', async () => {
    const clock = new JumpingClock();
    const { client, server, stream } = await rig({ clock });
    const { end, events } = follow(client, { timeoutMs: 1_000, inactivityMs: 60_000 });
    await eventually(() => server.requests.length === 1 && clock.pending === 1, 'the watch is open');
    for (let minute = 1; minute <= 3; minute += 1) {
      clock.forward(59_000);
      stream().write(podLine('a'));
      await eventually(() => events.length === minute, 'the event came');
    }
    clock.forward(60_000);
    expect(shown(await end)).toMatchInlineSnapshot(
      `"Unreachable 0: watch /api/v1/pods: no sign from the server for 60 s; the connection is taken for dead"`,
    );
    await eventually(() => server.sockets.size === 0, 'the connection is closed');
    expect(clock.pending).toBe(0);
  });

  test('that is not answered ends with the deadline', async () => {
    const server = await Loopback.start(() => {});
    closing.push(() => server.close());
    const client = createKubeClient(server.cluster());
    closing.push(() => client.close());
    expect(shown(await follow(client, { timeoutMs: 30 }).end)).toMatchInlineSnapshot(
      `"DeadlineExceeded 0: watch /api/v1/pods took longer than 0.03 s"`,
    );
  });

  test('breaking off, and the signal, close the connection', async () => {
    const { client, server, stream } = await rig();
    const broken = (async () => {
      for await (const event of client.watch(pods)) return event.type;
      return 'ended';
    })();
    await eventually(() => server.requests.length === 1, 'the watch is open');
    stream().write(podLine('a') + podLine('b'));
    expect(await broken).toBe('ADDED');
    await eventually(() => server.sockets.size === 0, 'the connection is closed');
    const abort = new AbortController();
    const { end, events } = follow(client, { signal: abort.signal }, () => abort.abort());
    await eventually(() => server.requests.length === 2, 'the next one is open');
    stream().write(podLine('a') + podLine('b'));
    expect((await end)?.reason).toBe('Aborted');
    expect(events.length).toBe(1);
    await eventually(() => server.sockets.size === 0, 'its connection is closed');
    const whole = new AbortController();
    const next = follow(client, { signal: whole.signal });
    await eventually(() => server.requests.length === 3, 'the last one is open');
    stream().end();
    await next.end;
    expect(getEventListeners(whole.signal, 'abort')).toEqual([]);
  });

  test('a slow reader holds the server up, and its own slowness is no silence', async () => {
    const clock = new JumpingClock();
    const { client, server, stream } = await rig({ clock });
    const watch = client.watch(pods, { inactivityMs: 60_000 })[Symbol.asyncIterator]();
    const first = watch.next();
    await eventually(() => server.requests.length === 1, 'the watch is open');
    const big = podLine('x'.repeat(1_000_000));
    for (let event = 0; event < 40; event += 1) stream().write(big);
    expect((await first).value).toMatchObject({ type: 'ADDED' });
    await later(50);
    clock.forward(600_000);
    expect(stream().writableLength).toBeGreaterThan(20_000_000);
    for (let event = 1; event < 40; event += 1) await watch.next();
    expect(stream().writableLength).toBe(0);
    await watch.return?.();
  });
});

test('however the bytes are cut, the lines are the same', () => {
  const texts = fc.array(
    fc
      .string({ unit: fc.constantFrom('a', 'é', '€', '𝄞', '\u0000', '\r', '\n'), maxLength: 12 })
      .map((text) => text.replaceAll('\n', '')),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(texts, fc.array(fc.nat(40), { maxLength: 12 }), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].toSorted(
        (a, b) => a - b,
      );
      const cutter = new LineCutter('it', 1_000);
      const seen: Uint8Array[] = [];
      for (const [index, start] of at.entries())
        seen.push(...cutter.cut(bytes.subarray(start, at[index + 1] ?? start)));
      cutter.end();
      expect(Buffer.concat(seen)).toEqual(Buffer.from(lines.join('')));
      expect(seen.length).toBe(lines.filter((text) => text !== '').length);
    }),
    { numRuns: 30 },
  );
});

test('whatever a line holds, it is an event or a KubeError', () => {
  const event = fc.record({
    type: fc.constantFrom('ADDED', 'DELETED', 'BOOKMARK', 'ERROR', 'X'),
    object: fc.oneof(
      fc.jsonValue(),
      fc.record({
        apiVersion: fc.string(),
        kind: fc.string(),
        metadata: fc.jsonValue(),
        code: fc.jsonValue(),
        details: fc.jsonValue(),
      }),
    ),
  });
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.oneof(fc.jsonValue(), event).map((value) => Buffer.from(JSON.stringify(value))),
  );
  fc.assert(
    fc.property(bytes, (written) => {
      try {
        expect(['ADDED', 'DELETED', 'BOOKMARK']).toContain(watchEventOf('it', written).type);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(KubeError);
      }
    }),
    { numRuns: 150 },
  );
});
