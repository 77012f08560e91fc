import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket, connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { issue, makeAuthority } from '../../../test/cluster/certificate.ts';
import type { KubeClient } from '../client.ts';
import type { ClusterConfig, ExecPlugin, Material } from '../config/cluster-config.ts';
import { KubeError } from '../kube-error.ts';
import { connectionError } from './connection-error.ts';
import { createKubeClient, type KubeClientOptions } from '../rest/create-kube-client.ts';
import { JumpingClock } from '../testing/jumping-clock.ts';
import { eventually, type Handler, Loopback, sendJson } from '../testing/loopback.ts';

interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

const authority = makeAuthority('authority');
const stranger = makeAuthority('stranger');
const pastMs = Date.now() - 3_600_000;
const server = certificateFor({ hosts: ['127.0.0.1'] });
const expired = certificateFor({ hosts: ['127.0.0.1'], notAfterMs: pastMs });
const elsewhere = certificateFor({ hosts: ['api.internal'] });

function certificateFor(
  more: { user?: string; hosts?: readonly string[]; notAfterMs?: number } = {},
): KeyPair {
  const { user: commonName = 'someone', ...rest } = more;
  const { certPem, keyPem } = issue(authority, { commonName, ...rest });
  return { cert: certPem, key: keyPem };
}

const version: Handler = (_, response) => sendJson(response, { gitVersion: 'v1.36.0' });
const closing: (() => void | Promise<void>)[] = [];
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kube-transport-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  rmSync(folder, { recursive: true });
});

async function serve(handler: Handler, pair?: KeyPair, more: object = {}): Promise<Loopback> {
  const loopback = await Loopback.start(handler, pair === undefined ? undefined : { ...pair, ...more });
  closing.push(() => loopback.close());
  return loopback;
}

function clientOf(cluster: ClusterConfig, options: KubeClientOptions = {}): KubeClient {
  const client = createKubeClient(cluster, { timeoutMs: 5_000, ...options });
  closing.push(() => client.close());
  return client;
}

const inline = (pem: string): Material => ({ kind: 'inline', pem, from: 'the test' });
const trusting = (pem: string): ClusterConfig['tls'] => ({
  ca: inline(pem),
  serverName: null,
  insecure: false,
});

function write(name: string, text: string): Material & { readonly kind: 'file' } {
  const path = join(folder, name);
  // As an agent does it: written aside, then moved in place.
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  return { kind: 'file', path };
}

async function refusal(work: Promise<unknown>): Promise<KubeError> {
  const thrown: unknown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof KubeError)) throw new Error(`no KubeError: ${String(thrown)}`);
  return thrown;
}

const shown = ({ message, reason }: KubeError): string =>
  `${reason}: ${message.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST').replaceAll(folder, '~')}`;

describe('connections', () => {
  test('200 calls one after the other are one connection, over TLS', async () => {
    const loopback = await serve(version, server);
    const client = clientOf(loopback.cluster({ tls: trusting(authority.certPem) }));
    for (let call = 0; call < 200; call += 1) await client.raw('/version');
    expect(loopback.requests.length).toBe(200);
    expect(loopback.connections).toBe(1);
  });

  test('calls at once are held to the cap, and watches do not count', async () => {
    let open = 0;
    let most = 0;
    const loopback = await serve(({ url }, response) => {
      if (url.includes('watch=true')) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.flushHeaders();
        return;
      }
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        sendJson(response, {});
      }, 2);
    });
    const client = clientOf(loopback.cluster(), { maxConcurrent: 3 });
    const pods = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
    const watches = Array.from({ length: 5 }, () =>
      refusal(client.watch(pods)[Symbol.asyncIterator]().next()),
    );
    await eventually(() => loopback.requests.length === 5, 'five watches are open');
    await Promise.all(Array.from({ length: 30 }, () => client.raw('/version')));
    expect(most).toBe(3);
    expect(loopback.connections).toBe(8);
    await client.close();
    for (const watch of watches) expect((await watch).reason).toBe('Aborted');
  });

  test('an idle connection that the server has closed costs a GET nothing', async () => {
    const loopback = await serve(({ socket, url }, response) => {
      if (url === '/reset' && loopback.requests.filter((request) => request.url === url).length === 1)
        socket.destroy();
      else sendJson(response, {});
    });
    const client = clientOf(loopback.cluster());
    expect(await client.raw('/reset')).toEqual({});
    expect(loopback.requests.length).toBe(2);
  });

  test('a GET whose connection breaks twice is Unreachable, and a write that breaks is not sent again', async () => {
    const loopback = await serve(({ socket }) => socket.destroy());
    const client = clientOf(loopback.cluster());
    expect(shown(await refusal(client.raw('/version')))).toMatchInlineSnapshot(
      `"Unreachable: http://HOST cannot be reached: the connection was closed before the answer was whole (UND_ERR_SOCKET)"`,
    );
    expect(loopback.requests.length).toBe(2);
    const thing = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };
    await refusal(client.patch(thing, { name: 'a' }, { type: 'merge', body: {} }, { fieldManager: 'test' }));
    expect(loopback.requests.length).toBe(3);
  });

  test('a half-open connection ends with the deadline, and the next call takes a new one', async () => {
    const loopback = await serve(version);
    const holes: Socket[] = [];
    let stalled = false;
    const port = Number(new URL(loopback.url).port);
    const proxy = createServer((inbound) => {
      const outbound = connect(port, '127.0.0.1');
      holes.push(inbound, outbound);
      inbound.on('error', () => {});
      outbound.on('error', () => {});
      const stall = stalled;
      inbound.on('data', (data) => (stalled && !stall ? undefined : outbound.write(data)));
      outbound.pipe(inbound);
    });
    closing.push(() => closeAll(proxy, holes));
    const client = clientOf({ ...loopback.cluster(), server: await listen(proxy) });
    await client.raw('/version');
    stalled = true;
    const error = await refusal(client.raw('/version', { timeoutMs: 50 }));
    expect(shown(error)).toBe('DeadlineExceeded: GET /version took longer than 0.05 s');
    expect(await client.raw('/version')).toEqual({ gitVersion: 'v1.36.0' });
    expect(loopback.connections).toBe(2);
  });

  test('what keeps us from a server is said', async () => {
    const silent = createServer();
    const nowhere = await listen(silent);
    silent.close();
    await once(silent, 'close');
    const rubbish = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    closing.push(() => closeAll(rubbish, []));
    const plain = await serve(version);
    const at = (url: string): ClusterConfig => ({ ...plain.cluster(), server: url });
    expect({
      refused: shown(await refusal(clientOf(at(nowhere)).raw('/version'))),
      'no HTTP': shown(await refusal(clientOf(at(await listen(rubbish))).raw('/version'))),
      'no TLS': shown(await refusal(clientOf(at(plain.url.replace('http:', 'https:'))).raw('/version'))),
    }).toMatchInlineSnapshot(`
      {
        "no HTTP": "Malformed: http://HOST answers something that is no HTTP; see that server names an API server",
        "no TLS": "Configuration: https://HOST cannot be trusted or does not trust us: it does not speak TLS there; write http:// in server, or correct the port (ERR_SSL_WRONG_VERSION_NUMBER)",
        "refused": "Unreachable: http://HOST cannot be reached: nothing listens there (ECONNREFUSED)",
      }
    `);
  });

  test('proxy-url: one tunnel for all calls, with TLS to the API server inside', async () => {
    const loopback = await serve(version, server);
    const asked: string[] = [];
    const sockets: Socket[] = [];
    const proxy = createServer((inbound) => {
      sockets.push(inbound);
      inbound.once('data', (head) => {
        asked.push(head.toString().split('\r\n')[0] ?? '');
        const outbound = connect(Number(new URL(loopback.url).port), '127.0.0.1', () => {
          inbound.write('HTTP/1.1 200 OK\r\n\r\n');
          inbound.pipe(outbound).pipe(inbound);
        });
        sockets.push(outbound);
        for (const socket of [inbound, outbound]) socket.on('error', () => {});
      });
    });
    closing.push(() => closeAll(proxy, sockets));
    const client = clientOf(
      loopback.cluster({ tls: trusting(authority.certPem), proxyUrl: await listen(proxy) }),
    );
    for (let call = 0; call < 5; call += 1) await client.raw('/version');
    expect(asked).toEqual([`CONNECT ${new URL(loopback.url).host} HTTP/1.1`]);
  });

  test('proxy-url of socks5: the same', async () => {
    const loopback = await serve(version, server);
    const asked: string[] = [];
    const sockets: Socket[] = [];
    const proxy = createServer((inbound) => {
      sockets.push(inbound);
      inbound.on('error', () => {});
      inbound.once('data', () => {
        inbound.write(Buffer.from([5, 0]));
        inbound.once('data', (head) => {
          const port = head.readUInt16BE(head.length - 2);
          asked.push(`command ${head[1]}, port ${port}`);
          const outbound = connect(port, '127.0.0.1', () => {
            inbound.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
            inbound.pipe(outbound).pipe(inbound);
          });
          outbound.on('error', () => {});
          sockets.push(outbound);
        });
      });
    });
    closing.push(() => closeAll(proxy, sockets));
    const proxyUrl = (await listen(proxy)).replace('http:', 'socks5:');
    const client = clientOf(loopback.cluster({ tls: trusting(authority.certPem), proxyUrl }));
    for (let call = 0; call < 5; call += 1) await client.raw('/version');
    expect(asked).toEqual([`command 1, port ${new URL(loopback.url).port}`]);
    const stranded = clientOf(loopback.cluster({ tls: trusting(stranger.certPem), proxyUrl }));
    expect((await refusal(stranded.raw('/version'))).reason).toBe('Configuration');
  });

  test('a proxy that refuses is said to', async () => {
    const loopback = await serve(version, server);
    const sockets: Socket[] = [];
    const proxy = createServer((inbound) => {
      sockets.push(inbound);
      inbound.on('error', () => {});
      inbound.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
    });
    closing.push(() => closeAll(proxy, sockets));
    const client = clientOf(loopback.cluster({ proxyUrl: await listen(proxy) }));
    expect(shown(await refusal(client.raw('/version')))).toMatchInlineSnapshot(
      `"Unreachable: https://HOST cannot be reached: the proxy of proxy-url refused the connection with 407"`,
    );
  });
});

describe('trust', () => {
  const ask = async (pair: KeyPair, tls: ClusterConfig['tls']): Promise<string> => {
    const client = clientOf((await serve(version, pair)).cluster({ tls }));
    const answer: unknown = await client.raw('/version').catch((error: unknown) => error);
    return answer instanceof KubeError ? shown(answer) : 'answered';
  };

  test('a server that cannot be trusted is refused with what to do', async () => {
    const tls = trusting(authority.certPem);
    expect({
      trusted: await ask(server, tls),
      'wrong authority': await ask(server, trusting(stranger.certPem)),
      'no authority': await ask(server, { ...tls, ca: null }),
      expired: await ask(expired, tls),
      'another host': await ask(elsewhere, tls),
      'another host, with tls-server-name': await ask(elsewhere, { ...tls, serverName: 'api.internal' }),
      insecure: await ask(expired, { ...tls, ca: null, insecure: true }),
    }).toMatchInlineSnapshot(`
      {
        "another host": "Configuration: https://HOST cannot be trusted or does not trust us: its certificate is for another host name; correct server, or set tls-server-name to a name in the certificate (ERR_TLS_CERT_ALTNAME_INVALID)",
        "another host, with tls-server-name": "answered",
        "expired": "Configuration: https://HOST cannot be trusted or does not trust us: its certificate has expired; renew the certificate of the API server (or correct the clock here) (CERT_HAS_EXPIRED)",
        "insecure": "answered",
        "no authority": "Configuration: https://HOST cannot be trusted or does not trust us: its certificate is not signed by the authority that is configured; correct certificate-authority (a changed cluster has a new one) (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
        "trusted": "answered",
        "wrong authority": "Configuration: https://HOST cannot be trusted or does not trust us: its certificate is not signed by the authority that is configured; correct certificate-authority (a changed cluster has a new one) (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
      }
    `);
  });

  test('files that are missing or no PEM', async () => {
    const loopback = await serve(version, server);
    const file = (name: string): Material => ({ kind: 'file', path: join(folder, name) });
    const { cert, key } = certificateFor();
    const other = certificateFor();
    write('text', 'hello');
    const damaged = cert.replace(/[A-Za-z0-9+/]{10}/, 'AAAAAAAAAA');
    const ask = async (cluster: Partial<ClusterConfig>): Promise<string> =>
      shown(await refusal(clientOf(loopback.cluster(cluster)).raw('/version')));
    const tls = trusting(authority.certPem);
    expect({
      'no authority file': await ask({ tls: { ...tls, ca: file('absent') } }),
      'authority a folder': await ask({ tls: { ...tls, ca: file('.') } }),
      'authority no PEM': await ask({ tls: { ...tls, ca: file('text') } }),
      'no key file': await ask({ tls, certificate: { cert: inline(cert), key: file('absent') } }),
      'another key': await ask({ tls, certificate: { cert: inline(cert), key: inline(other.key) } }),
      'damaged certificate': await ask({ tls, certificate: { cert: inline(damaged), key: inline(key) } }),
    }).toMatchInlineSnapshot(`
      {
        "another key": "Configuration: context "test": client certificate and key do not belong together; take both from the same place (ERR_OSSL_X509_KEY_VALUES_MISMATCH)",
        "authority a folder": "Configuration: the certificate authority ~ is a folder, not a file; correct its path or put it there",
        "authority no PEM": "Configuration: the certificate authority ~/text is not PEM; it must begin with -----BEGIN",
        "damaged certificate": "Configuration: context "test": a certificate or key cannot be read; each must be whole, unencrypted PEM (ERR_OSSL_PEM_BAD_END_LINE)",
        "no authority file": "Configuration: the certificate authority ~/absent does not exist; correct its path or put it there",
        "no key file": "Configuration: the key of the client certificate ~/absent does not exist; correct its path or put it there",
      }
    `);
  });

  test('a client certificate that has run out is named where the server breaks the connection over it', async () => {
    const strict = { requestCert: true, rejectUnauthorized: true, ca: authority.certPem };
    const loopback = await serve(version, server, strict);
    const ask = async (pair: KeyPair | null): Promise<string> => {
      const certificate = pair === null ? null : { cert: inline(pair.cert), key: inline(pair.key) };
      const cluster = loopback.cluster({ tls: trusting(authority.certPem), certificate });
      const error = await refusal(clientOf(cluster).raw('/version'));
      return shown(error).replace(/\(.* GMT\)/, '(THEN)');
    };
    expect([await ask(certificateFor({ notAfterMs: pastMs })), await ask(null)]).toMatchInlineSnapshot(`
      [
        "Configuration: https://HOST closed the connection: the client certificate has expired (THEN); get a new one",
        "Unreachable: https://HOST cannot be reached: the connection was closed before the answer was whole (UND_ERR_SOCKET)",
      ]
    `);
  });

  test('a client certificate that has run out is named as the reason of a 401', async () => {
    const old = certificateFor({ notAfterMs: pastMs });
    const loopback = await serve(
      (_, response) =>
        sendJson(
          response,
          { kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized', code: 401 },
          401,
        ),
      server,
      { requestCert: true, rejectUnauthorized: false, ca: authority.certPem },
    );
    const client = clientOf(
      loopback.cluster({
        tls: trusting(authority.certPem),
        certificate: { cert: inline(old.cert), key: inline(old.key) },
      }),
    );
    const { message } = await refusal(client.raw('/version'));
    expect(message.replace(/\(.* GMT\)/, '(THEN)')).toBe(
      'GET /version: Unauthorized; the client certificate has expired (THEN); get a new one',
    );
  });
});

describe('files that are replaced', () => {
  test('a new client certificate makes a new pool; calls under way end on the old one', async () => {
    const users: string[] = [];
    let release = (): void => {};
    const loopback = await serve(
      ({ socket, url }, response) => {
        const { subject } = (socket as TLSSocket).getPeerCertificate();
        users.push(`${url} ${String(subject?.CN)}`);
        if (url === '/slow') release = () => sendJson(response, 'slow');
        else sendJson(response, {});
      },
      server,
      { requestCert: true, rejectUnauthorized: false, ca: authority.certPem },
    );
    const [first, second] = [certificateFor({ user: 'first' }), certificateFor({ user: 'second' })];
    const certificate = { cert: write('tls.crt', first.cert), key: write('tls.key', first.key) };
    const clock = new JumpingClock();
    const reports: string[] = [];
    const client = clientOf(
      loopback.cluster({ tls: { ...trusting(''), ca: write('ca.crt', authority.certPem) }, certificate }),
      { clock, timeoutMs: 100_000, report: ({ message }) => reports.push(message) },
    );
    const slow = client.raw('/slow');
    await eventually(() => users.length === 1, 'the slow call is under way');
    write('tls.crt', second.cert);
    clock.forward(10_000);
    // The certificate is new and the key is not yet: the old pool goes on.
    await client.raw('/half');
    expect(reports).toMatchInlineSnapshot(`
      [
        "context "test": client certificate and key do not belong together; take both from the same place (ERR_OSSL_X509_KEY_VALUES_MISMATCH)",
      ]
    `);
    write('tls.key', second.key);
    await client.raw('/early');
    clock.forward(10_000);
    await client.raw('/late');
    release();
    expect(await slow).toBe('slow');
    expect(users).toEqual(['/slow first', '/half first', '/early first', '/late second']);
    await eventually(() => loopback.sockets.size === 1, 'the old pool has closed its connections');
    clock.forward(10_000);
    write('tls.key', second.key);
    await client.raw('/same');
    expect(loopback.connections).toBe(3);
  });

  test('a 401 that is long, or breaks off while the plugin runs again, is left behind', async () => {
    let breaks = true;
    const loopback = await serve(({ headers, socket }, response) => {
      if (headers.authorization === 'Bearer 2') return sendJson(response, {});
      response.writeHead(401, { 'content-type': 'application/json' });
      response.write('{'.padEnd(500_000));
      if (breaks) setTimeout(() => socket.destroy(), 20);
      return undefined;
    });
    const apiVersion = 'client.authentication.k8s.io/v1';
    const credential = JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token: 'TOKEN' } });
    const { path } = write(
      'plugin.sh',
      `#!/bin/sh\ncd ${folder}; echo >> runs; sleep 0.1; echo '${credential}' | sed "s/TOKEN/$(wc -l < runs)/"\n`,
    );
    chmodSync(path, 0o755);
    const plugin: ExecPlugin = {
      apiVersion,
      command: path,
      args: [],
      env: [],
      interactiveMode: 'Never',
      provideClusterInfo: false,
      installHint: '',
      clusterExtension: null,
    };
    const identity = { kind: 'exec', plugin } as const;
    expect(await clientOf(loopback.cluster({ identity })).raw('/version')).toEqual({});
    breaks = false;
    rmSync(join(folder, 'runs'));
    expect(await clientOf(loopback.cluster({ identity })).raw('/version')).toEqual({});
    await eventually(() => loopback.sockets.size === 2, 'only the connections that answered are left');
  });

  test('an exec plugin that gives certificates: a 401 runs it again, and the pool is made anew', async () => {
    const users: string[] = [];
    const loopback = await serve(
      ({ socket }, response) => {
        const user = String((socket as TLSSocket).getPeerCertificate().subject.CN);
        users.push(user);
        if (user === 'second') sendJson(response, {});
        else sendJson(response, { kind: 'Status', code: 401, message: 'Unauthorized' }, 401);
      },
      server,
      { requestCert: true, rejectUnauthorized: false, ca: authority.certPem },
    );
    const apiVersion = 'client.authentication.k8s.io/v1';
    const { path } = write('plugin.sh', '#!/bin/sh\ncat "$OUTPUT"; cp "$OUTPUT.next" "$OUTPUT"\n');
    chmodSync(path, 0o755);
    for (const [name, user] of Object.entries({ output: 'first', 'output.next': 'second' })) {
      const { cert, key } = certificateFor({ user });
      const status = { clientCertificateData: cert, clientKeyData: key };
      write(name, JSON.stringify({ apiVersion, kind: 'ExecCredential', status }));
    }
    const plugin: ExecPlugin = {
      apiVersion,
      command: path,
      args: [],
      env: [{ name: 'OUTPUT', value: join(folder, 'output') }],
      interactiveMode: 'Never',
      provideClusterInfo: false,
      installHint: '',
      clusterExtension: null,
    };
    const client = clientOf(
      loopback.cluster({ tls: trusting(authority.certPem), identity: { kind: 'exec', plugin } }),
    );
    await client.raw('/version');
    await client.raw('/version');
    expect(users).toEqual(['first', 'second', 'second']);
    await eventually(() => loopback.sockets.size === 1, 'the old pool has closed its connection');
  });

  test('a 401 reads the token again and repeats the call once', async () => {
    const seen: string[] = [];
    const loopback = await serve(({ headers }, response) => {
      seen.push(headers.authorization ?? '');
      if (headers.authorization === 'Bearer new') sendJson(response, {});
      else
        sendJson(
          response,
          { kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized', code: 401 },
          401,
        );
    });
    const { path } = write('token', 'old');
    const client = clientOf(loopback.cluster({ identity: { kind: 'tokenFile', path } }));
    const error = await refusal(client.raw('/version'));
    expect(shown(error)).toMatchInlineSnapshot(
      `"Unauthorized: GET /version: Unauthorized; the API server does not accept the token file ~/token; log in anew, or see that it belongs to this cluster"`,
    );
    expect(error.code).toBe(401);
    expect(seen).toEqual(['Bearer old']);
    write('token', 'new');
    expect(await client.raw('/version')).toEqual({});
    expect(seen).toEqual(['Bearer old', 'Bearer old', 'Bearer new']);
    expect(loopback.connections).toBe(1);
  });
});

test('warnings of the API server are told once', async () => {
  const loopback = await serve((_, response) => {
    response.setHeader('warning', [
      '299 - "v1 Endpoints is deprecated, use \\"EndpointSlice\\"", 299 - "two"',
      '199 - "no"',
    ]);
    sendJson(response, {});
  });
  const reports: string[] = [];
  const client = clientOf(loopback.cluster(), {
    report: ({ message, where }) => reports.push(`${where}: ${message}`),
  });
  await client.raw('/version');
  await client.raw('/version');
  expect(reports).toEqual([
    'a warning of the API server: v1 Endpoints is deprecated, use "EndpointSlice"',
    'a warning of the API server: two',
  ]);
});

test('passwords and impersonation are headers', async () => {
  const loopback = await serve(version);
  const client = clientOf(
    loopback.cluster({
      identity: { kind: 'basic', username: 'u', password: 'p:ü' },
      impersonate: { user: 'someone', uid: '1', groups: ['a', 'b'], extra: { 'x/y': ['v', 'w'] } },
    }),
  );
  await client.raw('/version');
  const { headers } = loopback.requests[0] ?? { headers: {} };
  expect(
    Object.fromEntries(Object.entries(headers).filter(([name]) => /^(auth|impersonate)/.test(name))),
  ).toMatchInlineSnapshot(`
    {
      "authorization": "Basic dTpwOsO8",
      "impersonate-extra-x%2fy": "v, w",
      "impersonate-group": "a, b",
      "impersonate-uid": "1",
      "impersonate-user": "someone",
    }
  `);
});

test('what OpenSSL and the system say is given a meaning', () => {
  const meaning = (code: string): string =>
    shown(connectionError(Object.assign(new Error('as it was said'), { code }), 'https://HOST'));
  expect(
    [
      'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
      'ERR_SSL_NEW_ONE',
      'CERT_NOT_YET_VALID',
      'ENOTFOUND',
      'EOTHER',
    ].map(meaning),
  ).toMatchInlineSnapshot(`
    [
      "Configuration: https://HOST cannot be trusted or does not trust us: it says that the client certificate has expired; get a new one (ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED)",
      "Configuration: https://HOST cannot be trusted or does not trust us: TLS failed (ERR_SSL_NEW_ONE)",
      "Configuration: https://HOST cannot be trusted or does not trust us: its certificate is not valid yet; correct the clock of this machine or of the one that signed it (CERT_NOT_YET_VALID)",
      "Unreachable: https://HOST cannot be reached: its host name is not known (ENOTFOUND)",
      "Unreachable: https://HOST cannot be reached: as it was said (EOTHER)",
    ]
  `);
  const all = new AggregateError([Object.assign(new Error(''), { code: 'ECONNREFUSED' }), new Error('')]);
  expect(connectionError(all, 'https://HOST').message).toContain('nothing listens there');
});

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

function closeAll(server: Server, sockets: readonly Socket[]): void {
  server.close();
  for (const socket of sockets) socket.destroy();
}
