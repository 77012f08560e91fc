import { afterEach, describe, expect, test } from 'vitest';
import type { KubeClient } from '../client.ts';
import { KubeError } from '../kube-error.ts';
import type { KubeObject, Resource } from '../object.ts';
import { JumpingClock } from '../testing/jumping-clock.ts';
import { eventually, type Handler, Loopback, sendJson } from '../testing/loopback.ts';
import { createKubeClient, type KubeClientOptions } from './create-kube-client.ts';

const pods: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
const nodes: Resource = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };
const deployments: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'ns' } };
const write = { fieldManager: 'test' };

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function serve(
  handler: Handler,
  options: KubeClientOptions = {},
  basePath = '',
): Promise<{ readonly client: KubeClient; readonly server: Loopback }> {
  const server = await Loopback.start(handler);
  closing.push(() => server.close());
  const client = createKubeClient(
    { ...server.cluster(), server: `${server.url}${basePath}` },
    { timeoutMs: 5_000, random: () => 0, ...options },
  );
  closing.push(() => client.close());
  return { client, server };
}

async function refusal(work: Promise<unknown>): Promise<KubeError> {
  const thrown: unknown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof KubeError)) throw new Error(`no KubeError: ${JSON.stringify(thrown)}`);
  return thrown;
}

const shown = ({ code, message, reason, retryAfterMs }: KubeError): string =>
  `${reason} ${code}${retryAfterMs === null ? '' : ` after ${retryAfterMs} ms`}: ${message.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')}`;

describe('requests', () => {
  test('each that was sent is told, also one without an answer', async () => {
    const told: string[] = [];
    const { client, server } = await serve(
      ({ url }, response) => {
        if (url.endsWith('/p')) sendJson(response, pod);
        else response.writeHead(404).end('404 page not found');
      },
      { onRequest: (code, method, host) => void told.push(`${method} ${code} ${host}`) },
    );
    const { host } = new URL(server.url);
    await client.get(pods, { namespace: 'ns', name: 'p' });
    await refusal(client.raw('/apis/nothing'));
    server.close();
    await refusal(client.create(pods, pod, write));
    expect(told).toEqual([`GET 200 ${host}`, `GET 404 ${host}`, `POST <error> ${host}`]);
  });

  test('each verb: method, path, query, content type and body', async () => {
    const { client, server } = await serve(({ method, url }, response) =>
      sendJson(
        response,
        method === 'GET' && !/pods\/p/.test(url) ? { metadata: { resourceVersion: '5' }, items: [] } : pod,
      ),
    );
    const name = { namespace: 'ns', name: 'p' };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace: 'ns', managedFields: [{}] },
    };
    await client.get(pods, name);
    await client.list(pods);
    await client.list(deployments, {
      namespace: 'ns',
      labelSelector: 'app in (a,b)',
      fieldSelector: 'metadata.name=x',
      limit: 500,
      continue: 'c/+=',
      resourceVersion: '7',
      resourceVersionMatch: 'NotOlderThan',
    });
    await client.create(pods, pod, write);
    await client.create(
      nodes,
      { ...pod, metadata: { name: '', generateName: 'n-' } },
      { ...write, dryRun: true },
    );
    await client.replace(pods, pod, { ...write, subresource: 'status' });
    await client.patch(pods, name, { type: 'merge', body: { a: 'ü' } }, write);
    await client.patch(pods, name, { type: 'json', body: [{ op: 'remove', path: '/a' }] }, write);
    await client.patch(
      deployments,
      name,
      { type: 'strategic', body: { spec: { replicas: 2 } } },
      { ...write, subresource: 'scale' },
    );
    await client.apply(deployments, deployment, { fieldManager: 'a b', force: true });
    await client.apply(deployments, deployment, { ...write, subresource: 'status' });
    await client.remove(pods, name);
    await client.remove(pods, name, {
      preconditions: { uid: 'u', resourceVersion: '9' },
      propagationPolicy: 'Foreground',
      gracePeriodSeconds: 0,
    });
    await client.raw('/apis?x=y');
    const lines = server.requests.map(({ body, headers, method, url }) =>
      `${method} ${url} ${headers['content-type'] ?? ''} ${body} ${headers['content-length'] === undefined ? '' : `(${headers['content-length']})`}`.trim(),
    );
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "GET /api/v1/namespaces/ns/pods/p
      GET /api/v1/pods
      GET /apis/apps/v1/namespaces/ns/deployments?labelSelector=app+in+%28a%2Cb%29&fieldSelector=metadata.name%3Dx&limit=500&continue=c%2F%2B%3D&resourceVersion=7&resourceVersionMatch=NotOlderThan
      POST /api/v1/namespaces/ns/pods?fieldManager=test&fieldValidation=Strict application/json {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns"}} (73)
      POST /api/v1/nodes?fieldManager=test&fieldValidation=Strict&dryRun=All application/json {"apiVersion":"v1","kind":"Pod","metadata":{"name":"","generateName":"n-"}} (75)
      PUT /api/v1/namespaces/ns/pods/p/status?fieldManager=test&fieldValidation=Strict application/json {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns"}} (73)
      PATCH /api/v1/namespaces/ns/pods/p?fieldManager=test&fieldValidation=Strict application/merge-patch+json {"a":"ü"} (10)
      PATCH /api/v1/namespaces/ns/pods/p?fieldManager=test&fieldValidation=Strict application/json-patch+json [{"op":"remove","path":"/a"}] (29)
      PATCH /apis/apps/v1/namespaces/ns/deployments/p/scale?fieldManager=test&fieldValidation=Strict application/strategic-merge-patch+json {"spec":{"replicas":2}} (23)
      PATCH /apis/apps/v1/namespaces/ns/deployments/d?fieldManager=a+b&fieldValidation=Strict&force=true application/apply-patch+yaml {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"ns"}} (85)
      PATCH /apis/apps/v1/namespaces/ns/deployments/d/status?fieldManager=test&fieldValidation=Strict application/apply-patch+yaml {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"ns"}} (85)
      DELETE /api/v1/namespaces/ns/pods/p
      DELETE /api/v1/namespaces/ns/pods/p application/json {"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0,"preconditions":{"uid":"u","resourceVersion":"9"},"propagationPolicy":"Foreground"} (148)
      GET /apis?x=y"
    `);
    // Each body had its length: a DELETE without would have been read as the next request of the connection.
    for (const { body, headers } of server.requests.filter((request) => request.body !== ''))
      expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body));
    expect(server.connections).toBe(1);
    const { 'user-agent': agent, accept, 'accept-encoding': encoding } = server.requests[0]?.headers ?? {};
    expect([agent, accept, encoding]).toEqual(['kube-client', 'application/json', undefined]);
  });

  test('a server below a path', async () => {
    const { client, server } = await serve((_, response) => sendJson(response, pod), {}, '/k8s/clusters/c-1');
    await client.get(pods, { namespace: 'ns', name: 'p' });
    expect(server.requests[0]?.url).toBe('/k8s/clusters/c-1/api/v1/namespaces/ns/pods/p');
  });

  test('names that would lead elsewhere never leave', async () => {
    const { client, server } = await serve((_, response) => sendJson(response, pod));
    const refused = async (name: string, namespace?: string): Promise<string> =>
      shown(await refusal(client.get(pods, namespace === undefined ? { name } : { name, namespace })));
    expect([
      await refused('p'),
      await refused('', 'ns'),
      await refused('..', 'ns'),
      await refused('a/b', 'ns'),
      await refused('a%2fb', 'ns'),
      await refused('p', '..'),
      shown(await refusal(client.get(nodes, { name: 'n', namespace: 'ns' }))),
      shown(await refusal(client.raw('version'))),
    ]).toMatchInlineSnapshot(`
      [
        "BadRequest 0: a Pod lies in a namespace, and none was named",
        "BadRequest 0: "" cannot be a part of a path of the API",
        "BadRequest 0: ".." cannot be a part of a path of the API",
        "BadRequest 0: "a/b" cannot be a part of a path of the API",
        "BadRequest 0: "a%2fb" cannot be a part of a path of the API",
        "BadRequest 0: ".." cannot be a part of a path of the API",
        "BadRequest 0: Node has no namespaces, yet one was named: ns",
        "BadRequest 0: a path of the API begins with / and has no blanks",
      ]
    `);
    expect(server.requests).toEqual([]);
    await client.get(pods, { namespace: 'ns', name: 'a?b#c:d' });
    expect(server.requests[0]?.url).toBe('/api/v1/namespaces/ns/pods/a%3Fb%23c%3Ad');
  });

  test('items of a list are given the kind of the list', async () => {
    const { client } = await serve((_, response) =>
      sendJson(response, {
        kind: 'DeploymentList',
        apiVersion: 'apps/v1',
        metadata: { resourceVersion: '5', continue: 'more', remainingItemCount: 3 },
        items: [{ metadata: { name: 'a' } }],
      }),
    );
    expect(await client.list(deployments)).toEqual({
      metadata: { resourceVersion: '5', continue: 'more', remainingItemCount: 3 },
      items: [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } }],
    });
  });
});

describe('answers', () => {
  test('what a server may answer, and what becomes of it', async () => {
    const status = (code: number, more: object): [number, string, string] => [
      code,
      'application/json',
      JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, ...more }),
    ];
    const secret = 'aGVsbG8gd29ybGQgc2VjcmV0';
    const cases: Record<string, [number, string, string | Buffer]> = {
      'a reason': status(409, { reason: 'AlreadyExists', message: 'pods "p" already exists' }),
      'a reason that is not known': status(409, { reason: 'Strange', message: 'm' }),
      'no reason': status(422, { message: 'bad field' }),
      'a quota': status(403, { reason: 'Forbidden', message: 'pods "p" is forbidden: exceeded quota: q' }),
      'version gone': status(410, { reason: 'Expired', message: 'too old' }),
      'etcd away': status(500, { reason: 'InternalError', message: 'etcdserver: request timed out' }),
      'a text': [404, 'text/plain', '404 page not found\n'],
      'a text of a load balancer': [502, 'text/plain', 'upstream\u0000 connect error'],
      'nothing at all': [504, '', ''],
      'an unheard-of code': [418, '', ''],
      'a page': [
        200,
        'text/html',
        `<!DOCTYPE html><html><head><style>a{}</style></head><body><h1>Log in</h1></body></html>`,
      ],
      'a page that calls itself JSON': [200, 'application/json', '<html><title>Portal</title></html>'],
      'a page with 404': [404, 'text/html', '<html><body>default backend - 404</body></html>'],
      'a redirection': [302, 'text/plain', 'Found'],
      'broken JSON': [200, 'application/json', `{"data":{"password":"${secret}"`],
      'JSON of something else': [200, 'application/json', '["a"]'],
      'an object without metadata': [200, 'application/json', '{"apiVersion":"v1","kind":"Pod"}'],
      'no UTF-8': [200, 'application/json', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
      'too much': [200, 'application/json', `{"a":"${'x'.repeat(2_000)}"}`],
    };
    let current: [number, string, string | Buffer] = [200, '', ''];
    const { client } = await serve(
      (_, response) => {
        const [code, type, body] = current;
        response.writeHead(code, type === '' ? {} : { 'content-type': type });
        response.end(body);
      },
      { maxBodyBytes: 1_000 },
    );
    const seen: Record<string, string> = {};
    for (const [name, answer] of Object.entries(cases)) {
      current = answer;
      seen[name] = shown(await refusal(client.get(pods, { namespace: 'ns', name: 'p' })));
      expect(seen[name], name).not.toContain(secret);
    }
    expect(seen).toMatchInlineSnapshot(`
      {
        "JSON of something else": "Malformed 0: GET /api/v1/namespaces/ns/pods/p: the server answered with something that is no object",
        "a page": "Malformed 200: GET /api/v1/namespaces/ns/pods/p: the server answered with a web page (HTTP 200: Log in); see that server names an API server and that no proxy or login page lies between",
        "a page that calls itself JSON": "Malformed 200: GET /api/v1/namespaces/ns/pods/p: the server answered with a web page (HTTP 200: Portal); see that server names an API server and that no proxy or login page lies between",
        "a page with 404": "Malformed 404: GET /api/v1/namespaces/ns/pods/p: the server answered with a web page (HTTP 404: default backend - 404); see that server names an API server and that no proxy or login page lies between",
        "a quota": "Forbidden 403: GET /api/v1/namespaces/ns/pods/p: pods "p" is forbidden: exceeded quota: q; delete what is not needed, or raise the quota",
        "a reason": "AlreadyExists 409: GET /api/v1/namespaces/ns/pods/p: pods "p" already exists",
        "a reason that is not known": "Conflict 409: GET /api/v1/namespaces/ns/pods/p: m",
        "a redirection": "Malformed 302: GET /api/v1/namespaces/ns/pods/p: the server redirects (302) to another place, which no API server does; correct server",
        "a text": "NotFound 404: GET /api/v1/namespaces/ns/pods/p: HTTP 404: 404 page not found; nothing is served there: install the CRD of this kind, or see which versions of it there are",
        "a text of a load balancer": "ServiceUnavailable 502: GET /api/v1/namespaces/ns/pods/p: HTTP 502: upstream connect error",
        "an object without metadata": "Malformed 0: GET /api/v1/namespaces/ns/pods/p: the server answered with something that is no object",
        "an unheard-of code": "Unknown 418: GET /api/v1/namespaces/ns/pods/p: HTTP 418",
        "broken JSON": "Malformed 0: GET /api/v1/namespaces/ns/pods/p: the server sent something that is no whole JSON (46 characters)",
        "etcd away": "InternalError 500: GET /api/v1/namespaces/ns/pods/p: etcdserver: request timed out",
        "no UTF-8": "Malformed 0: GET /api/v1/namespaces/ns/pods/p: the server sent bytes that are no UTF-8; something on the way damages its answers",
        "no reason": "Invalid 422: GET /api/v1/namespaces/ns/pods/p: bad field",
        "nothing at all": "Timeout 504: GET /api/v1/namespaces/ns/pods/p: HTTP 504",
        "too much": "Malformed 0: GET /api/v1/namespaces/ns/pods/p: the answer is longer than 1000 bytes; ask for less with limit",
        "version gone": "Expired 410: GET /api/v1/namespaces/ns/pods/p: too old",
      }
    `);
    current = [200, 'application/json', '{"metadata":{},"items":[]}'];
    expect(shown(await refusal(client.list(pods)))).toMatchInlineSnapshot(
      `"Malformed 0: GET /api/v1/pods: the server answered with something that is no list"`,
    );
  });

  test('details of a status are kept', async () => {
    const details = { causes: [{ reason: 'FieldValueInvalid', field: 'spec.a', message: 'm' }] };
    const { client } = await serve((_, response) =>
      sendJson(response, { kind: 'Status', reason: 'Invalid', message: 'm', code: 422, details }, 422),
    );
    expect((await refusal(client.create(pods, pod, write))).details).toEqual(details);
  });

  test('raw gives JSON or text', async () => {
    const { client } = await serve(({ url }, response) =>
      url === '/readyz' ? response.end('ok') : sendJson(response, { major: '1' }),
    );
    expect([await client.raw('/readyz'), await client.raw('/version')]).toEqual(['ok', { major: '1' }]);
  });
});

describe('bounds of a call', () => {
  const busy: Handler = (_, response) => {
    response.writeHead(429, { 'retry-after': '2', 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ kind: 'Status', reason: 'TooManyRequests', message: 'slow down', code: 429 }),
    );
  };

  test('Retry-After is waited out, also by a write', async () => {
    const clock = new JumpingClock();
    const { client, server } = await serve(
      (request, response) => (server.requests.length < 3 ? busy(request, response) : sendJson(response, pod)),
      { clock },
    );
    const created = client.create(pods, pod, write);
    for (let refused = 1; refused <= 2; refused += 1) {
      await eventually(() => server.requests.length === refused && clock.pending === 2, 'it waits');
      clock.forward(1_900);
      expect(server.requests.length).toBe(refused);
      clock.forward(100);
    }
    expect(await created).toEqual(pod);
    expect(clock.pending).toBe(0);
  });

  test('not beyond the deadline, and not for ever', async () => {
    const clock = new JumpingClock();
    const { client, server } = await serve(busy, { clock, timeoutMs: 60_000, random: () => 0.5 });
    expect(shown(await refusal(client.raw('/version', { timeoutMs: 2_000 })))).toMatchInlineSnapshot(
      `"TooManyRequests 429 after 2000 ms: GET /version: slow down"`,
    );
    expect(server.requests.length).toBe(1);
    const refused = refusal(client.raw('/version'));
    for (let sent = 2; sent <= 6; sent += 1) {
      await eventually(() => server.requests.length === sent && clock.pending === 2, 'it waits');
      // A twentieth more than asked, as the random number says.
      clock.forward(2_020);
      expect(clock.pending).toBe(2);
      clock.forward(80);
    }
    expect((await refused).reason).toBe('TooManyRequests');
    expect(server.requests.length).toBe(7);
  });

  test('the deadline covers answer, body, the wait for a slot and for credentials', async () => {
    const { client } = await serve(
      ({ url }, response) => {
        if (url === '/body') response.write('{');
      },
      { maxConcurrent: 1 },
    );
    const [held, body, waiting] = await Promise.all([
      refusal(client.raw('/never', { timeoutMs: 40 })),
      refusal(client.raw('/body', { timeoutMs: 80 })),
      refusal(client.raw('/waits', { timeoutMs: 20 })),
    ]);
    expect([held, body, waiting].map(shown)).toMatchInlineSnapshot(`
      [
        "DeadlineExceeded 0: GET /never took longer than 0.04 s",
        "DeadlineExceeded 0: GET /body took longer than 0.08 s",
        "DeadlineExceeded 0: GET /waits took longer than 0.02 s",
      ]
    `);
  });

  test('the signal of the caller, before, during, and not after', async () => {
    const { client, server } = await serve(({ url }, response) => {
      if (url === '/version') sendJson(response, {});
    });
    const abort = new AbortController();
    await client.raw('/version', { signal: abort.signal });
    const call = refusal(client.raw('/never', { signal: abort.signal }));
    await eventually(() => server.requests.length === 2, 'it is under way');
    abort.abort();
    expect(shown(await call)).toBe('Aborted 0: GET /never was aborted');
    expect((await refusal(client.raw('/version', { signal: abort.signal }))).reason).toBe('Aborted');
    expect(server.requests.length).toBe(2);
  });

  test('closing rejects what is under way and what comes after', async () => {
    const { client, server } = await serve(() => {});
    const call = refusal(client.raw('/never'));
    await eventually(() => server.requests.length === 1, 'it is under way');
    await client.close();
    expect((await call).reason).toBe('Aborted');
    expect((await refusal(client.raw('/version'))).reason).toBe('Aborted');
    await eventually(() => server.sockets.size === 0, 'its connections are closed');
  });

  test('no token in any error', async () => {
    const token = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMyJ9';
    const server = await Loopback.start(({ socket, url }, response) => {
      if (url === '/reset') socket.destroy();
      else sendJson(response, { kind: 'Status', code: 401, message: 'Unauthorized' }, 401);
    });
    closing.push(() => server.close());
    const client = createKubeClient(server.cluster({ identity: { kind: 'token', token } }));
    closing.push(() => client.close());
    for (const path of ['/reset', '/refused']) {
      const error = await refusal(client.raw(path));
      const { inspect } = await import('node:util');
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(token);
    }
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${token}`);
  });
});
