import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { ClusterConfig } from '../config/cluster-config.ts';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly socket: Socket;
}

export type Handler = (request: Received, response: ServerResponse) => void;

/** A server on 127.0.0.1 that keeps what it got and counts its connections. */
export class Loopback {
  readonly requests: Received[] = [];
  readonly sockets = new Set<Socket>();
  /** TCP connections so far. */
  connections = 0;
  handler: Handler;
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(server: Server, scheme: string, handler: Handler) {
    this.#server = server;
    this.#scheme = scheme;
    this.handler = handler;
    // Longer than any test: which connections are left is the client's doing.
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#answer(request, response);
    });
  }

  static async start(handler: Handler, tls?: ServerOptions): Promise<Loopback> {
    const server = tls === undefined ? createServer() : createTlsServer(tls);
    const loopback = new Loopback(server, tls === undefined ? 'http' : 'https', handler);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return loopback;
  }

  get url(): string {
    const address = this.#server.address();
    return `${this.#scheme}://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  /** How to reach it without credentials. */
  cluster(more: Partial<ClusterConfig> = {}): ClusterConfig {
    return {
      description: 'context "test"',
      server: this.url,
      namespace: 'default',
      tls: { ca: null, serverName: null, insecure: false },
      proxyUrl: null,
      certificate: null,
      identity: { kind: 'none' },
      impersonate: null,
      ...more,
    };
  }

  close(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      return;
    }
    const received: Received = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
      socket: request.socket,
    };
    this.requests.push(received);
    this.handler(received, response);
  }
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Polls until it holds; rejects after five seconds. */
export async function eventually(holds: () => boolean, what: string): Promise<void> {
  const endsAtMs = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > endsAtMs) throw new Error(`did not happen: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
