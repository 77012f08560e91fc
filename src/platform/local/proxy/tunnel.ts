import type * as net from 'node:net';
import type { ProxyContext } from './context.ts';
import type { Watched } from './watchdog.ts';

/** How long an end waits for the other side's end once it was asked for. */
const politeMs = 2_000;

/** Two sockets after an upgrade: bytes both ways with back-pressure, and each side's half-close is the other's. */
export class Tunnel implements Watched {
  deadlineMs: number;
  readonly #context: ProxyContext;
  readonly #client: net.Socket;
  readonly #upstream: net.Socket;
  readonly #onClosed: () => void;
  #closed = false;

  constructor(context: ProxyContext, client: net.Socket, upstream: net.Socket, onClosed: () => void) {
    this.#context = context;
    this.#client = client;
    this.#upstream = upstream;
    this.#onClosed = onClosed;
    this.deadlineMs = performance.now() + context.limits.tunnelIdleMs;
    context.watchdog.add(this);
    this.#join(client, upstream);
    this.#join(upstream, client);
    client.resume();
    upstream.resume();
  }

  /** Both ends are told that this is the end; what does not end by itself is cut after a moment. */
  close(): void {
    this.#client.end();
    this.#upstream.end();
    this.deadlineMs = performance.now() + politeMs;
  }

  expire(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #join(from: net.Socket, to: net.Socket): void {
    from.on('data', (data) => {
      this.deadlineMs = performance.now() + this.#context.limits.tunnelIdleMs;
      if (to.writable && !to.write(data)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('end', () => to.end());
    from.on('close', (failed) => {
      // An end is passed on once what came before it is written; a reset at once.
      if (failed) to.resetAndDestroy();
      else to.end();
      this.deadlineMs = performance.now() + this.#context.limits.bodyTimeoutMs;
      this.#finish();
    });
  }

  #finish(): void {
    if (this.#closed || !this.#client.destroyed || !this.#upstream.destroyed) return;
    this.#closed = true;
    this.#context.watchdog.remove(this);
    this.#onClosed();
  }
}
