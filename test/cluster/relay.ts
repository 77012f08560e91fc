import { connect, createServer, type NetConnectOpts, type Server } from 'node:net';

/** Hands each connection on, both ways, half-closes included; for as long as the server is open. */
export function relay(to: NetConnectOpts): Server {
  return createServer({ allowHalfOpen: true }, (here) => {
    const there = connect({ ...to, allowHalfOpen: true });
    here.on('error', () => there.destroy()).on('close', () => there.destroy());
    there.on('error', () => here.destroy()).on('close', () => here.destroy());
    here.pipe(there).pipe(here);
  });
}

/** Resolves when it listens. */
export function listen(
  server: Server,
  at: string | { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(typeof at === 'string' ? { path: at } : at, resolve);
  });
}
