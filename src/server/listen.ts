import { type AddressInfo, createServer } from 'node:net';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { SluiceError } from '../lib/error.ts';
import type { ApiEnv } from './api-env.ts';

export interface ApiServer {
  /** Such as `http://127.0.0.1:41234`. */
  readonly address: string;
  /** Ends live streams too. */
  close(): Promise<void>;
}

/** Puts the API on loopback; port 0 takes a free one. Throws SluiceError `port-in-use`, `port-forbidden`. */
export function listen(api: Hono<ApiEnv>, port: number): Promise<ApiServer> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: api.fetch, port, hostname: '127.0.0.1' }, (info: AddressInfo) => {
      resolve({
        address: `http://127.0.0.1:${info.port}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            if ('closeAllConnections' in server) server.closeAllConnections();
          }),
      });
    });
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port)));
  });
}

/** Throws what `listen` would, before anything else is started for the port's sake. */
export function assertPortFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port)));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}

function listenError(error: NodeJS.ErrnoException, port: number): SluiceError {
  const code =
    error.code === 'EADDRINUSE' ? 'port-in-use' : error.code === 'EACCES' ? 'port-forbidden' : 'internal';
  return new SluiceError({
    code,
    message: `cannot listen on 127.0.0.1:${port} for the API: ${error.message}`,
    cause: error,
  });
}
