import { createServer } from 'node:net';

/**
 * Ports that nobody listens on now, below the range from which the kernel takes the ports of callers (32768 and up by default). From
 * within that range a caller of a server that is down for a moment can be given the very port it calls, and so connects to itself and
 * keeps the server from coming back.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)));
  });
}
