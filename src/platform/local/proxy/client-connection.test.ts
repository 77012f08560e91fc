import * as net from 'node:net';
import { expect, test } from 'vitest';
import { acceptClient } from './client-connection.ts';
import type { ProxyContext } from './context.ts';
import { InFlightReporter } from './in-flight-reporter.ts';
import { defaultLimits } from './limits.ts';
import { Service } from './service.ts';
import { backend, RawClient, until } from './testing/rig.ts';
import { Watchdog } from './watchdog.ts';

test('a client that was stopped for the sake of the application is read again after its answer', async () => {
  const app = await backend(
    (socket) => void setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), 50),
  );
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
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => app.connections.size === 1);
  for (const connection of context.connections) connection.socket.pause();
  await client.got('ok');
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => client.text.split('200 OK').length === 3);
  expect(service.counters.stable.snapshot().requests).toBe(2);
  client.close();
  server.close();
  service.close();
  await app.close();
});
