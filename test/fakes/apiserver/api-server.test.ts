import { describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../../src/kube/client.ts';
import {
  as,
  type AnyObject,
  configMap,
  configMaps,
  deployments,
  pods,
  refusal,
} from '../../conformance/kube-cluster.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { FakeApiServer, type ApiServerOptions } from './api-server.ts';
import { inProcessClient } from './in-process-client.ts';

function started(options: Omit<ApiServerOptions, 'clock'> = {}) {
  const clock = new VirtualClock();
  const server = new FakeApiServer({ clock, ...options });
  return { clock, server, client: inProcessClient(server) };
}

/** Reads in the background: lines so far, and how it ended. */
function reading(watch: AsyncIterable<WatchEvent<AnyObject>>) {
  const seen: string[] = [];
  const state = { seen, end: '' };
  void (async () => {
    try {
      for await (const event of watch)
        seen.push(
          event.type === 'BOOKMARK'
            ? `BOOKMARK ${event.resourceVersion}`
            : `${event.type} ${event.object.metadata.name}`,
        );
      state.end = 'ended';
    } catch (thrown) {
      state.end = (await refusal(Promise.reject(thrown))).reason;
    }
  })();
  return state;
}

describe('history', () => {
  test('a watch from before the window is Expired, one from its edge is not', async () => {
    const { clock, client } = started({ windowEvents: 3 });
    const { metadata } = await client.create(configMaps, configMap('default', 'a', {}), as);
    const from = Number(metadata.resourceVersion);
    for (let value = 0; value < 4; value += 1) {
      await client.patch(
        configMaps,
        { namespace: 'default', name: 'a' },
        { type: 'merge', body: { data: { value: String(value) } } },
        as,
      );
    }
    const late = reading(client.watch(configMaps, { namespace: 'default', resourceVersion: String(from) }));
    const edge = reading(
      client.watch(configMaps, { namespace: 'default', resourceVersion: String(from + 1) }),
    );
    await clock.runFor(0);
    expect([late.end, edge.end, edge.seen]).toEqual([
      'Expired',
      '',
      ['MODIFIED a', 'MODIFIED a', 'MODIFIED a'],
    ]);
  });

  test('a continue token of a forgotten state is Expired, and says how to go on', async () => {
    const { client, server } = started();
    for (const name of ['a', 'b', 'c']) await client.create(configMaps, configMap('default', name, {}), as);
    const first = await client.list(configMaps, { namespace: 'default', limit: 1 });
    await client.create(configMaps, configMap('default', 'd', {}), as);
    server.compact();
    const token = first.metadata.continue ?? '';
    expect(await refusal(client.list(configMaps, { namespace: 'default', continue: token }))).toMatchObject({
      reason: 'Expired',
      code: 410,
    });
    const answer = await server.handle({
      method: 'GET',
      url: `/api/v1/namespaces/default/configmaps?limit=9&continue=${token}`,
      headers: {},
      body: '',
    });
    const status = JSON.stringify(answer.kind === 'json' ? answer.body : '');
    const next = /"metadata":\{"continue":"([^"]+)"/.exec(status)?.[1] ?? '';
    const rest = await client.list(configMaps, { namespace: 'default', continue: next });
    expect(rest.items.map(({ metadata }) => metadata.name)).toEqual(['b', 'c', 'd']);
  });

  test('a version that does not exist yet is a Timeout of a list', async () => {
    const { client } = started();
    expect(await refusal(client.list(configMaps, { resourceVersion: '999999' }))).toMatchObject({
      reason: 'Timeout',
      code: 504,
    });
  });

  test('a quiet watch has a bookmark each minute', async () => {
    const { clock, client } = started({ bookmarkMs: 60_000 });
    const { metadata } = await client.list(configMaps);
    const quiet = reading(client.watch(configMaps, { resourceVersion: metadata.resourceVersion }));
    await client.create(
      pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p', namespace: 'default' },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      },
      as,
    );
    await clock.runFor(125_000);
    const now = (await client.list(configMaps)).metadata.resourceVersion;
    expect(quiet.seen).toEqual([`BOOKMARK ${now}`, `BOOKMARK ${now}`]);
  });
});

describe('who may do what', () => {
  test('without a token 401, beyond the rules 403, on one of two kinds alone', async () => {
    const { server } = started();
    server.access.grant('secret', {
      name: 'ada',
      rules: [{ verbs: ['list', 'watch'], groups: [''], resources: ['configmaps'] }],
    });
    expect(await refusal(inProcessClient(server).list(configMaps))).toMatchObject({
      reason: 'Unauthorized',
      code: 401,
    });
    const ada = inProcessClient(server, 'secret');
    expect((await ada.list(configMaps)).items).toEqual([]);
    expect(await refusal(ada.list(deployments, { namespace: 'default' }))).toEqual({
      reason: 'Forbidden',
      code: 403,
      message:
        'deployments.apps is forbidden: User "ada" cannot list resource "deployments" in API group "apps" in the namespace "default"; allow it with a Role or ClusterRole and a binding',
    });
    server.access.revoke('secret');
    expect((await refusal(ada.list(configMaps))).reason).toBe('Unauthorized');
  });
});

describe('faults', () => {
  const isWatch = ({ url }: { readonly url: string }): boolean => url.includes('watch=true');

  test('replies, with Retry-After and as a page', async () => {
    const { server, client } = started();
    server.faults.add({ kind: 'reply', code: 429, retryAfterSeconds: 3 });
    await expect(client.list(configMaps)).rejects.toMatchObject({
      reason: 'TooManyRequests',
      retryAfterMs: 3_000,
    });
    server.faults.add({ kind: 'reply', code: 502, html: '<html><body>Bad gateway</body></html>' });
    expect((await refusal(client.list(configMaps))).reason).toBe('Malformed');
    server.faults.add({ kind: 'reply', code: 503 }, () => true, 2);
    for (let tries = 0; tries < 2; tries += 1)
      expect((await refusal(client.list(configMaps))).reason).toBe('ServiceUnavailable');
    expect((await client.list(configMaps)).items).toEqual([]);
  });

  test('a connection that breaks before or after the work', async () => {
    const { server, client } = started();
    server.faults.add({ kind: 'drop', afterWork: false });
    expect((await refusal(client.create(configMaps, configMap('default', 'a', {}), as))).reason).toBe(
      'Unreachable',
    );
    expect((await client.list(configMaps)).items.length).toBe(0);
    server.faults.add({ kind: 'drop', afterWork: true });
    expect((await refusal(client.create(configMaps, configMap('default', 'a', {}), as))).reason).toBe(
      'Unreachable',
    );
    expect((await client.list(configMaps)).items.length).toBe(1);
  });

  test('a delay, and an answer that never comes', async () => {
    const { clock, server, client } = started();
    server.faults.add({ kind: 'delay', delayMs: 5_000 });
    const slow = client.list(configMaps);
    let isHere = false;
    void slow.then(() => (isHere = true));
    await clock.runFor(4_999);
    expect(isHere).toBe(false);
    await clock.runFor(1);
    expect((await slow).items).toEqual([]);
    server.faults.add({ kind: 'hang' });
    const never = refusal(client.list(configMaps, { timeoutMs: 30_000 }));
    await clock.runFor(30_000);
    expect((await never).reason).toBe('DeadlineExceeded');
  });

  test('a watch that stalls, is cut in the middle of a line, breaks, or says nonsense', async () => {
    const { clock, server, client } = started();
    const outcome = async (kind: 'stall' | 'cut' | 'break' | 'garble'): Promise<readonly string[]> => {
      server.faults.add({ kind, afterLines: 1, line: '{"type":\n' }, isWatch);
      const { metadata } = await client.list(configMaps);
      const watch = reading(client.watch(configMaps, { resourceVersion: metadata.resourceVersion }));
      for (const name of [`${kind}-1`, `${kind}-2`])
        await client.create(configMaps, configMap('default', name, {}), as);
      await clock.runFor(200_000);
      return [...watch.seen, watch.end];
    };
    expect(await outcome('stall')).toEqual(['ADDED stall-1', '']);
    expect(await outcome('cut')).toEqual(['ADDED cut-1', 'Malformed']);
    expect(await outcome('break')).toEqual(['ADDED break-1', 'Unreachable']);
    expect(await outcome('garble')).toEqual(['ADDED garble-1', 'Malformed']);
  });

  test('a watch that its reader leaves is closed on the server', async () => {
    const { clock, server, client } = started();
    const leave = new AbortController();
    const watch = reading(client.watch(configMaps, { resourceVersion: '1', signal: leave.signal }));
    await clock.runFor(0);
    expect(server.openWatches).toBe(1);
    leave.abort();
    await clock.runFor(0);
    expect([server.openWatches, watch.end]).toEqual([0, 'Aborted']);
  });
});

describe('pods', () => {
  test('one that runs is deleted with grace, one that does not at once', async () => {
    const { client } = started();
    const pod = (name: string, nodeName?: string): AnyObject => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i:1' }], ...(nodeName === undefined ? {} : { nodeName }) },
    });
    await client.create(pods, pod('waiting'), as);
    await client.create(pods, pod('placed', 'node'), as);
    for (const name of ['waiting', 'placed']) await client.remove(pods, { namespace: 'default', name });
    expect((await refusal(client.get(pods, { namespace: 'default', name: 'waiting' }))).reason).toBe(
      'NotFound',
    );
    const going = await client.get<AnyObject>(pods, { namespace: 'default', name: 'placed' });
    expect([going.metadata.deletionTimestamp, going.metadata.deletionGracePeriodSeconds]).toEqual([
      '2026-01-01T00:00:30Z',
      30,
    ]);
    await client.remove(pods, { namespace: 'default', name: 'placed' }, { gracePeriodSeconds: 0 });
    expect((await client.list(pods)).items).toEqual([]);
  });
});

test('metadata alone is given to those who ask for it', async () => {
  const { server, client } = started();
  await client.create(configMaps, configMap('default', 'a', { key: 'long' }), as);
  const headers = { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' };
  const answer = await server.handle({ method: 'GET', url: '/api/v1/configmaps', headers, body: '' });
  const text = JSON.stringify(answer.kind === 'json' ? answer.body : '');
  expect(text).toContain('"kind":"PartialObjectMetadata"');
  expect(text).not.toContain('long');
});
