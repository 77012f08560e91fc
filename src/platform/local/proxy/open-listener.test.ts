import { createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from '../process/free-port.ts';
import { openListener } from './open-listener.ts';

function listening(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

test('a port that another program listens on is refused, and had once that one is gone', async () => {
  const port = await freePort();
  const other = await listening(port);
  expect(() => openListener('127.0.0.1', port)).toThrow(expect.objectContaining({ code: 'port-in-use' }));
  await new Promise((resolve) => other.close(resolve));
  const listener = openListener('127.0.0.1', port);
  expect(listener.port).toBe(port);
  listener.close();
});
