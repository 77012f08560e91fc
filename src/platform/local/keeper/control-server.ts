import { createServer, type Server, type Socket } from 'node:net';
import { toSluiceError } from '../../../lib/error.ts';
import { LineReader } from '../proxy/line-reader.ts';
import type { KeeperEvent, KeeperRequest, KeeperResponse } from './protocol.ts';

const lineLimitBytes = 16 * 1024 * 1024;

export interface ControlServerOptions {
  readonly handle: (request: KeeperRequest) => Promise<unknown>;
  /** The whole picture, for one that subscribes. */
  readonly picture: () => readonly KeeperEvent[];
}

/** Answers requests on the keeper's Unix socket and tells subscribers what happens. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #subscribers = new Set<Socket>();

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Only this user may connect: the file is never there with more rights. */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      const before = process.umask(0o177);
      this.#server.listen(path, resolve);
      process.umask(before);
    });
  }

  get hasSubscriber(): boolean {
    return this.#subscribers.size > 0;
  }

  tell(event: KeeperEvent): void {
    const line = `${JSON.stringify(event)}\n`;
    for (const socket of this.#subscribers) socket.write(line);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.end();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const reader = new LineReader(lineLimitBytes, (line) => void this.#receive(socket, line));
    socket.on('data', (data) => {
      if (!reader.push(data)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#subscribers.delete(socket);
    });
  }

  async #receive(socket: Socket, line: string): Promise<void> {
    let request: KeeperRequest;
    try {
      request = JSON.parse(line) as KeeperRequest;
    } catch {
      socket.destroy();
      return;
    }
    if (request.method === 'subscribe') {
      for (const event of this.#options.picture()) socket.write(`${JSON.stringify(event)}\n`);
      this.#subscribers.add(socket);
    }
    const response = await this.#answer(request);
    if (!socket.destroyed) socket.write(`${JSON.stringify(response)}\n`);
  }

  async #answer(request: KeeperRequest): Promise<KeeperResponse> {
    try {
      return { id: request.id, ok: true, result: (await this.#options.handle(request)) ?? null };
    } catch (thrown) {
      const { code, message } = toSluiceError(thrown, 'internal');
      return { id: request.id, ok: false, code, message };
    }
  }
}
