import * as net from 'node:net';
import { SluiceError } from '../../../lib/error.ts';

/** A bound TCP socket that can be sent to workers over fork IPC, and that nobody here accepts on. */
export interface ListenerHandle {
  /** For `child.send(message, handle)`. */
  readonly handle: net.Server;
  readonly port: number;
  close(): void;
}

interface TcpHandle {
  getsockname(out: { port?: number }): number;
  close(): void;
}

interface NetInternals {
  readonly _createServerHandle: (
    address: string,
    port: number,
    family: 4 | 6,
    fd: number,
  ) => TcpHandle | number;
}

/**
 * Binds without accepting. A `net.Server` of the keeper would take connections away from its workers, so this is what
 * `node:cluster` does for its own workers (`net._createServerHandle`): bind here, listen and accept in each worker. The
 * kernel's queue lives as long as any process holds the socket, so a connection made between two workers waits.
 * Errors: `port-in-use`, `port-forbidden`, `process-start-failed`.
 */
export function openListener(host: string, port: number): ListenerHandle {
  const { _createServerHandle } = net as unknown as NetInternals;
  const handle = _createServerHandle(host, port, net.isIPv6(host) ? 6 : 4, -1);
  if (typeof handle === 'number') throw bindError(host, port, handle);
  const name: { port?: number } = {};
  // libuv keeps a port in use for itself until `listen`; a socket that was not bound would then listen on any port.
  const unbound = handle.getsockname(name);
  if (unbound !== 0) {
    handle.close();
    throw bindError(host, port, unbound);
  }
  return {
    handle: handle as unknown as net.Server,
    port: name.port ?? port,
    close: () => handle.close(),
  };
}

function bindError(host: string, port: number, errno: number): SluiceError {
  const code =
    errno === -98 || errno === -48
      ? 'port-in-use'
      : errno === -13
        ? 'port-forbidden'
        : 'process-start-failed';
  return new SluiceError({ code, message: `cannot listen on ${host}:${port} (error ${errno})` });
}
