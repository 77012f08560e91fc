import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type * as net from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Endpoint } from './messages.ts';
import { ask, type Backend, backend, get, RawClient, Rig, serviceKey, until } from './testing/rig.ts';

let rig: Rig;
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  rig = await Rig.start({ execArgv: ['--max-old-space-size=64'], limits: { longStreamMs: 50 } });
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(() => rig.close());

async function serve(...args: Parameters<typeof backend>): Promise<Backend> {
  const made = await backend(...args);
  closers.push(() => made.close());
  await rig.setEndpoints(made.endpoint(`b${made.port}`, 'stable'));
  return made;
}

async function serveNode(listener: http.RequestListener): Promise<void> {
  const server = http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const endpoint: Endpoint = {
    id: `n${port}`,
    arm: 'stable',
    revision: 'n',
    host: '127.0.0.1',
    port,
    state: 'ready',
  };
  await rig.setEndpoints(endpoint);
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
}

function residentMb(): number {
  const status = fs.readFileSync(`/proc/${rig.worker.process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

test('1 GiB goes up and its answer comes, through a heap of 64 MiB', async () => {
  const total = 1024 ** 3;
  await serveNode((request, response) => {
    let bytes = 0;
    request.on('data', (data: Buffer) => {
      bytes += data.length;
    });
    request.on('end', () => response.end(String(bytes)));
  });
  const piece = Buffer.alloc(1024 * 1024, 'x');
  const request = http.request({
    host: '127.0.0.1',
    port: rig.port,
    method: 'POST',
    headers: { 'content-length': total },
  });
  const answer = new Promise<string>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.on('data', (data) => {
        text += String(data);
      });
      response.on('end', () => resolve(text));
    });
  });
  let peakMb = 0;
  for (let sent = 0; sent < total; sent += piece.length) {
    if (!request.write(piece)) await new Promise((resolve) => request.once('drain', resolve));
    if (sent % (64 * piece.length) === 0) peakMb = Math.max(peakMb, residentMb());
  }
  request.end();
  expect(await answer).toBe(String(total));
  expect(peakMb).toBeLessThan(250);
});

test('a reader that does not read stops the application, and gets every byte in the end', async () => {
  const total = 64 * 1024 * 1024;
  let written = 0;
  const hash = createHash('sha1');
  await serveNode((_request, response) => {
    const write = (): void => {
      while (written < total) {
        const piece = Buffer.alloc(64 * 1024, written / (64 * 1024));
        hash.update(piece);
        written += piece.length;
        if (!response.write(piece)) {
          response.once('drain', write);
          return;
        }
      }
      response.end();
    };
    write();
  });
  const request = http.get({ host: '127.0.0.1', port: rig.port });
  const response = await new Promise<http.IncomingMessage>((resolve) => request.on('response', resolve));
  let last = -1;
  await until(async () => {
    const still = last === written;
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return still && written > 0;
  });
  expect(written).toBeLessThan(total / 2);
  expect(residentMb()).toBeLessThan(250);
  const got = createHash('sha1');
  for await (const data of response) got.update(data as Buffer);
  expect(got.digest('hex')).toBe(hash.digest('hex'));
});

test('an application that does not read stops the client', async () => {
  await serve((socket) => socket.pause());
  const client = new RawClient(rig.port).send(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\n',
  );
  let out = false;
  client.socket.write(Buffer.alloc(64 * 1024 * 1024, 'x'), () => (out = true));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(out).toBe(false);
  client.close();
});

test('a connection to the application that was stopped for a slow client serves the next request', async () => {
  const body = 'x'.repeat(16 * 1024 * 1024);
  const app = await serve((socket) =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
  );
  for (let round = 1; round <= 3; round += 1) {
    const client = new RawClient(rig.port);
    client.socket.pause();
    client.send(get('/', 'Connection: keep-alive\r\n').replace('Connection: close\r\n', ''));
    await until(() => client.socket.bytesRead === 0 && app.accepted() > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.socket.resume();
    await until(() => client.text.length > body.length);
    client.close();
    expect((await ask(rig.port, get())).length).toBeGreaterThan(body.length);
  }
  expect(app.accepted()).toBe(1);
});

function switching(socket: net.Socket, first = ''): void {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\nX-App: 1\r\n\r\n${first}`,
  );
  socket.removeAllListeners('data');
  socket.on('data', (data) => socket.write(data));
}

const upgrade = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';

test('an upgrade carries the bytes behind both heads, and half-closes', async () => {
  const app = await serve((socket) => switching(socket, 'hello '));
  const before = (await rig.counters()).arms.stable;
  const client = new RawClient(rig.port).send(`${upgrade}early `);
  await client.got('early ');
  expect(client.text).toBe(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nX-App: 1\r\nConnection: upgrade\r\n\r\nhello early ',
  );
  const during = (await rig.counters()).arms.stable;
  expect(during.upgraded).toBe(1);
  expect(during.classes['1xx'] - before.classes['1xx']).toBe(1);
  expect(during.inFlight).toBe(0);
  client.socket.end('last');
  await client.over();
  expect(client.text.endsWith('early last')).toBe(true);
  await until(() => app.connections.size === 0);
  await until(async () => (await rig.counters()).arms.stable.upgraded === 0);
});

test('a refused upgrade is an ordinary answer', async () => {
  await serve((socket) => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'));
  const client = new RawClient(rig.port).send(upgrade);
  await client.got('403 Forbidden');
  client.send(upgrade.replace('Connection: Upgrade', 'Connection: Upgrade, close'));
  await client.over();
  expect(client.text.match(/403/g)?.length).toBe(2);
  client.close();
});

test('an upgraded connection that breaks on one side breaks on the other', async () => {
  const app = await serve((socket) => switching(socket));
  const one = new RawClient(rig.port).send(upgrade);
  await one.got('X-App');
  one.socket.resetAndDestroy();
  await until(() => app.connections.size === 0);
  const two = new RawClient(rig.port).send(upgrade);
  await two.got('X-App');
  for (const socket of app.connections) socket.resetAndDestroy();
  await until(() => two.closed);
});

test('an h2c upgrade is answered as the HTTP/1.1 request that it also is', async () => {
  const app = await serve((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const client = new RawClient(rig.port);
  client.send(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n',
  );
  await client.got('200 OK');
  expect(app.received()).not.toMatch(/upgrade|http2/i);
  client.close();
});

test('closeStreams ends upgraded connections and streams of the arm, and nothing else', async () => {
  await serve((socket, head) => {
    if (head.includes('/ws')) switching(socket);
    else if (head.includes('/events')) {
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na\n\n\n\r\n',
      );
    } else if (head.includes('/log')) {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nline\r\n');
    } else if (head.includes('/file')) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab');
    }
  });
  const [ws, events, log, file, waiting] = [
    upgrade,
    get('/events'),
    get('/log'),
    get('/file'),
    get('/none'),
  ].map((text) => new RawClient(rig.port).send(text));
  if (!ws || !events || !log || !file || !waiting) throw new Error('five clients');
  await Promise.all([ws.got('X-App'), events.got('a\n\n'), log.got('line'), file.got('ab')]);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(await rig.worker.client.closeStreams(serviceKey, 'canary')).toBe(0);
  expect(await rig.worker.client.closeStreams(serviceKey, 'stable')).toBe(3);
  await Promise.all([ws.over(), events.over(), log.over()]);
  expect(events.text.endsWith('0\r\n\r\n')).toBe(true);
  expect(log.reset).toBe(true);
  expect(file.closed || waiting.closed).toBe(false);
  for (const client of [ws, events, log, file, waiting]) client.close();
});
