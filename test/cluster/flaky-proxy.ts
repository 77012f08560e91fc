import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What happens to bytes on their way. */
export type Weather =
  | { readonly kind: 'fair' }
  /** Nothing arrives, in either direction, and neither end is told; it goes on when the weather is fair again. */
  | { readonly kind: 'stall' }
  /** Each piece is late, in each direction. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** New connections are reset at once; those that are open work. */
  | { readonly kind: 'refuse' };

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** The server is gone and the client does not know. */
  halfOpen: boolean;
  /** So many bytes of the server still arrive, then the connection ends. */
  bytesLeft: number;
}

/** A TCP proxy on loopback between a client and a server, which does what networks do. It knows nothing of what the bytes mean. */
export class FlakyProxy {
  readonly port: number;
  /** TCP connections so far. */
  connections = 0;
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #links = new Set<Link>();
  readonly #changed = new Set<() => void>();
  #weather: Weather = { kind: 'fair' };

  private constructor(server: Server, target: { readonly host: string; readonly port: number }) {
    this.#server = server;
    this.#target = target;
    const address = server.address();
    this.port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    server.on('connection', (client: Socket) => this.#take(client));
  }

  /** Before the server of this URL. */
  static async start(url: string): Promise<FlakyProxy> {
    const { hostname, port } = new URL(url);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FlakyProxy(server, { host: hostname, port: Number(port) });
  }

  /** Connections that the client has open. */
  get open(): number {
    return this.#links.size;
  }

  set weather(weather: Weather) {
    this.#weather = weather;
    for (const look of this.#changed) look();
  }

  /** Breaks all connections with a RST to both ends. */
  reset(): void {
    for (const { client, server } of this.#links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** The server loses all connections; the client goes on in the belief that they are there, and what it sends is lost. */
  halfOpen(): void {
    for (const link of this.#links) {
      link.halfOpen = true;
      link.server.destroy();
    }
  }

  /** Of each open connection so many bytes of the server still arrive, then it ends, as a rule in the middle of something. */
  cutAfter(bytes: number): void {
    for (const link of this.#links) link.bytesLeft = bytes;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.reset();
    this.weather = { kind: 'fair' };
    await closed;
  }

  #take(client: Socket): void {
    this.connections += 1;
    client.on('error', () => {});
    if (this.#weather.kind === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...this.#target, noDelay: true });
    client.setNoDelay(true);
    const link: Link = { client, server, halfOpen: false, bytesLeft: Number.POSITIVE_INFINITY };
    this.#links.add(link);
    server.on('error', () => {});
    client.on('close', () => {
      this.#links.delete(link);
      server.destroy();
    });
    server.on('close', () => {
      if (!link.halfOpen) client.destroy();
    });
    this.#carry(client, server, (chunk) => (link.halfOpen ? null : chunk));
    this.#carry(server, client, (chunk) => this.#cut(link, chunk));
  }

  /** One piece at a time, so that order is kept and a slow end holds the other one up. */
  #carry(from: Socket, to: Socket, passed: (chunk: Buffer) => Buffer | null): void {
    from.on('data', (chunk: Buffer) => {
      from.pause();
      void this.#fair().then(() => {
        const piece = passed(chunk);
        if (piece !== null && to.writable) to.write(piece, () => from.resume());
        else from.resume();
      });
    });
    from.on('end', () => void this.#fair().then(() => to.end()));
  }

  #cut(link: Link, chunk: Buffer): Buffer | null {
    if (link.halfOpen) return null;
    if (chunk.length <= link.bytesLeft) {
      link.bytesLeft -= chunk.length;
      return chunk;
    }
    link.client.end(chunk.subarray(0, link.bytesLeft));
    link.halfOpen = true;
    link.server.destroy();
    return null;
  }

  /** Resolves when a piece may go on. */
  async #fair(): Promise<void> {
    if (this.#weather.kind === 'delay') await sleep(this.#weather.delayMs);
    while (this.#weather.kind === 'stall')
      await new Promise<void>((resolve) => {
        const look = (): void => {
          this.#changed.delete(look);
          resolve();
        };
        this.#changed.add(look);
      });
  }
}
