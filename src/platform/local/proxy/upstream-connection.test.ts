import { afterEach, expect, test } from 'vitest';
import { EndpointPool } from './endpoint-pool.ts';
import { Service } from './service.ts';
import { type Backend, backend, until } from './testing/rig.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream-connection.ts';
import { Watchdog } from './watchdog.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(answer: string): Promise<{ app: Backend; pool: EndpointPool }> {
  const app = await backend((socket) => socket.write(answer));
  closers.push(() => app.close());
  return { app, pool: new EndpointPool(app.endpoint('a', 'stable'), new Watchdog()) };
}

function fakeUser(over: (how: string) => void): UpstreamUser {
  return {
    method: 'GET',
    dechunk: false,
    upgrade: false,
    onConnected: () => undefined,
    onConnectFailed: () => over('failed'),
    onHead: () => undefined,
    onBody: () => undefined,
    onEnd: () => over('end'),
    onSwitched: () => undefined,
    onBroken: over,
    onDrain: () => undefined,
    onPause: () => undefined,
  };
}

/** Sends one request and gives the connection back; `stops`: as for a client that reads too slowly. */
async function use(pool: EndpointPool, stops: boolean): Promise<UpstreamConnection> {
  let over = '';
  const send = (): void => void connection.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const onBody = (): void => void (stops && connection.socket.pause());
  const user = { ...fakeUser((how) => (over = how)), onConnected: send, onBody };
  const connection = pool.acquire(user, performance.now(), true, 1_000);
  if (connection.reused) send();
  await until(() => over !== '', 2_000);
  expect(over).toBe('end');
  connection.release(performance.now());
  return connection;
}

const okAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('a connection that was stopped for a slow client is read again, for the next request and for its end', async () => {
  const { app, pool } = await serve(okAnswer);
  await use(pool, true);
  const connection = await use(pool, true);
  expect(app.accepted()).toBe(1);
  for (const socket of app.connections) socket.end();
  await until(() => connection.socket.destroyed);
});

test('a draining endpoint loses its idle connections, and those in use after their answer', async () => {
  const { app } = await serve(okAnswer);
  const service = new Service('a/b', 'w', new Watchdog());
  service.setEndpoints(1, [app.endpoint('a', 'stable')]);
  const [pool] = service.pools;
  if (pool === undefined) throw new Error('no pool');
  const idle = await use(pool, false);
  service.setEndpoints(2, [app.endpoint('a', 'stable', 'draining')]);
  expect(idle.socket.destroyed).toBe(true);
  const inUse = await use(pool, false);
  expect(inUse.socket.destroyed).toBe(true);
});

test('bytes behind an answer are never the next one: the connection is given up', async () => {
  const { app, pool } = await serve(`${okAnswer}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`);
  const connection = await use(pool, false);
  expect(connection.socket.destroyed).toBe(true);
  await use(pool, false);
  expect(app.accepted()).toBe(2);
});

test('bytes that come while nobody asked end the connection', async () => {
  const { app, pool } = await serve(okAnswer);
  const connection = await use(pool, false);
  for (const socket of app.connections) socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n');
  await until(() => connection.socket.destroyed);
  await use(pool, false);
  expect(app.accepted()).toBe(2);
});

test('a connection is not reused beyond what the server allows, nor for a request that cannot be repeated after a second', async () => {
  const { pool } = await serve('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3\r\nContent-Length: 2\r\n\r\nok');
  const first = await use(pool, false);
  expect(first.idleLimitMs).toBe(2_000);
  const user = fakeUser(() => undefined);
  const now = performance.now();
  expect(pool.acquire(user, now + 2_500, true, 1_000)).not.toBe(first);
  expect(pool.acquire(user, now + 1_500, false, 1_000)).not.toBe(first);
  expect(pool.acquire(user, now + 1_500, true, 1_000)).toBe(first);
});
