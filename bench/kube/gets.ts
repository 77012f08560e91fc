import { subscribe, unsubscribe } from 'node:diagnostics_channel';

export interface GetFigures {
  /** Of all calls together. */
  readonly ms: number;
  readonly connections: number;
}

/** Calls one after the other, connections made for them included; undici tells of each connection, whoever uses it. */
export async function measureGets(get: () => Promise<unknown>, calls: number): Promise<GetFigures> {
  let connections = 0;
  const connected = (): void => {
    connections += 1;
  };
  subscribe('undici:client:connected', connected);
  try {
    const startedAtMs = performance.now();
    for (let call = 0; call < calls; call += 1) await get();
    return { ms: performance.now() - startedAtMs, connections };
  } finally {
    unsubscribe('undici:client:connected', connected);
  }
}
