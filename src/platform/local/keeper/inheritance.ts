import type { ListenerHandle } from '../proxy/open-listener.ts';
import type { Listener } from './listeners.ts';

/**
 * How the listening sockets outlive their keeper: each worker holds them, so a worker that loses its keeper starts a new one
 * and hands them over, over the IPC channel of that start.
 */
export type GuardianToKeeper =
  | { readonly kind: 'inherit'; readonly listener: Listener }
  | { readonly kind: 'inheritEnd' };

type KeeperToGuardian = { readonly kind: 'inherited' };

/** Set in the environment of a keeper that is to wait for sockets. */
export const inheritMark = 'SLUICE_KEEPER_INHERITS';

export interface Inherited {
  readonly listener: Listener;
  readonly socket: ListenerHandle;
}

const handOverLimitMs = 5_000;

/** The keeper's side: all sockets that come until the end or the limit. */
export function receiveInheritance(): Promise<readonly Inherited[]> {
  const inherited: Inherited[] = [];
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      process.off('message', receive);
      resolve(inherited);
      if (!process.connected) return;
      process.send?.({ kind: 'inherited' } satisfies KeeperToGuardian, () => {
        if (process.connected) process.disconnect();
      });
    };
    const receive = (message: unknown, handle: unknown): void => {
      const told = message as GuardianToKeeper;
      if (told.kind === 'inheritEnd') finish();
      else if (isTcpHandle(handle)) {
        const socket = {
          handle: handle as unknown as ListenerHandle['handle'],
          port: told.listener.port,
          close: () => handle.close(),
        };
        inherited.push({ listener: told.listener, socket });
      }
    };
    const timer = setTimeout(finish, handOverLimitMs);
    process.on('message', receive);
    process.once('disconnect', finish);
  });
}

function isTcpHandle(value: unknown): value is { close(): void } {
  return typeof value === 'object' && value !== null && 'close' in value && typeof value.close === 'function';
}
