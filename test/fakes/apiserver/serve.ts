import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { FakeApiServer } from './api-server.ts';
import { type ApiRequest, type ApiResponse, ConnectionLost } from './request.ts';

export interface ServedApi {
  /** `http://127.0.0.1:1234`. */
  readonly url: string;
  /** TCP connections since the start. */
  readonly connections: number;
  readonly openConnections: number;
  /** Throws where clients opened more connections than that: pooling does not work. */
  expectConnections(max: number): void;
  /** Breaks all connections, as a restart does; new ones are taken. */
  dropConnections(): void;
  close(): Promise<void>;
}

export interface ServeOptions {
  readonly port?: number;
  readonly tls?: Pick<ServerOptions, 'key' | 'cert' | 'ca' | 'requestCert' | 'rejectUnauthorized'>;
}

/** The fake over HTTP/1.1 on loopback. */
export async function serve(api: FakeApiServer, { port = 0, tls }: ServeOptions = {}): Promise<ServedApi> {
  const open = new Set<Socket>();
  let connections = 0;
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    void respond(api, incoming, outgoing);
  };
  const server: Server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  const drop = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${bound}`,
    get connections() {
      return connections;
    },
    get openConnections() {
      return open.size;
    },
    expectConnections: (max) => {
      if (connections > max)
        throw new Error(`${connections} connections were opened, at most ${max} are allowed`);
    },
    dropConnections: drop,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        api.endWatches();
        drop();
      }),
  };
}

async function respond(
  api: FakeApiServer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const response = await api.handle(await readRequest(incoming));
    if (response.kind === 'stream') await sendLines(response, outgoing);
    else send(response, outgoing);
  } catch (thrown) {
    if (!(thrown instanceof ConnectionLost) && !outgoing.headersSent) {
      outgoing
        .writeHead(500, { 'content-type': 'text/plain' })
        .end(thrown instanceof Error ? (thrown.stack ?? '') : String(thrown));
    } else incoming.socket.destroy();
  }
}

async function readRequest(incoming: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
  return {
    method: incoming.method ?? 'GET',
    url: incoming.url ?? '/',
    headers,
    body: Buffer.concat(chunks).toString(),
  };
}

function send(response: Exclude<ApiResponse, { readonly kind: 'stream' }>, outgoing: ServerResponse): void {
  const text = response.kind === 'json' ? JSON.stringify(response.body) : response.body;
  outgoing
    .writeHead(response.code, {
      'content-type': 'application/json',
      ...response.headers,
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

async function sendLines(
  { lines, close }: Extract<ApiResponse, { readonly kind: 'stream' }>,
  outgoing: ServerResponse,
): Promise<void> {
  const iterator = lines[Symbol.asyncIterator]();
  outgoing.on('close', close);
  outgoing.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  outgoing.flushHeaders();
  for (;;) {
    const { done, value } = await iterator.next();
    if (done === true || outgoing.destroyed) break;
    if (!outgoing.write(value)) await drained(outgoing);
  }
  outgoing.end();
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      outgoing.off('drain', go);
      outgoing.off('close', go);
      resolve();
    };
    outgoing.on('drain', go);
    outgoing.on('close', go);
  });
}
