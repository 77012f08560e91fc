import * as net from 'node:net';
import { expect, test } from 'vitest';
import { acceptClient } from './client-connection.ts';
import type { ProxyContext } from './context.ts';
import { InFlightReporter } from './in-flight-reporter.ts';
import { defaultLimits } from './limits.ts';
import { Service } from './service.ts';
import { type Backend, backend, RawClient, until } from './testing/rig.ts';
import { Watchdog } from './watchdog.ts';

interface InProcess {
  readonly client: RawClient;
  readonly app: Backend;
  readonly service: Service;
  /** The proxy's end of the client's connection. */
  readonly socket: () => net.Socket;
  readonly close: () => Promise<void>;
}

/** A proxy in this process, so that a test can look at, and stop, its sockets. */
async function start(...args: Parameters<typeof backend>): Promise<InProcess> {
  const app = await backend(...args);
  const watchdog = new Watchdog();
  const service = new Service('a/b', 'w', watchdog);
  service.setEndpoints(1, [app.endpoint('a', 'stable')]);
  const context: ProxyContext = {
    limits: defaultLimits,
    watchdog,
    connections: new Set(),
    inFlight: new InFlightReporter(
      () => service.pools,
      () => undefined,
    ),
    draining: false,
    log: () => undefined,
  };
  const server = net.createServer({ allowHalfOpen: true }, (socket) =>
    acceptClient(socket, service, null, context),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new RawClient((server.address() as net.AddressInfo).port);
  const socket = (): net.Socket => {
    const [connection] = context.connections;
    if (connection === undefined) throw new Error('no client is connected');
    return connection.socket;
  };
  const close = async (): Promise<void> => {
    client.close();
    server.close();
    service.close();
    await app.close();
  };
  return { client, app, service, socket, close };
}

const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('a client that was stopped for the sake of the application is read again after its answer', async () => {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const { client, app, service, socket, close } = await start(
    (to) => void setTimeout(() => to.write(answer), 50),
  );
  client.send(request);
  await until(() => app.connections.size === 1);
  socket().pause();
  await client.got('ok');
  client.send(request);
  await until(() => client.text.split('200 OK').length === 3);
  expect(service.counters.stable.snapshot().requests).toBe(2);
  await close();
});

test('a client that sends ahead of its turn is stopped', async () => {
  const { client, app, socket, close } = await start(() => undefined);
  client.send(request);
  await until(() => app.connections.size === 1);
  client.send(Buffer.alloc(4 * 1024 * 1024, 'x'));
  await until(() => socket().isPaused());
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(socket().bytesRead).toBeLessThan(512 * 1024);
  await close();
});
