import { type ChildProcess, fork } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import type { FrontSpec } from '../../../../resource/service-spec.ts';
import type { Arm } from '../../../../rollout/effect.ts';
import type { ProxyLimits } from '../limits.ts';
import type { Endpoint, KeeperToWorker, ProxyRoute, WorkerCounters, WorkerToKeeper } from '../messages.ts';
import { type ListenerHandle, openListener } from '../open-listener.ts';
import { WorkerClient } from '../worker-client.ts';

/** What the rig does for tests and the bench: it is the keeper and the engine of real worker processes. */
export const serviceKey = 'default/shop';

export const plainFront: FrontSpec = {
  host: '127.0.0.1',
  port: 0,
  assignBy: null,
  stickyCookie: null,
  match: [],
  connectTimeoutMs: 1_000,
  responseTimeoutMs: 5_000,
  latencyBounds: [0.005, 0.05, 0.5, 5],
};

export const stableRoute: ProxyRoute = {
  epoch: 1,
  weightPercent: 0,
  match: false,
  mirrorPercent: 0,
  sticky: false,
  tombstone: null,
  rollout: 'r1',
  unattended: 'stable',
  unattendedMs: 300_000,
};

export interface RigOptions {
  readonly workers?: number;
  readonly front?: Partial<FrontSpec>;
  readonly limits?: Partial<ProxyLimits>;
  readonly execArgv?: readonly string[];
}

export interface RigWorker {
  readonly process: ChildProcess;
  readonly client: WorkerClient;
  readonly socketPath: string;
  readonly messages: WorkerToKeeper[];
  readonly exited: Promise<number | null>;
  send(message: KeeperToWorker, handle?: net.Server): void;
}

export class Rig {
  readonly port: number;
  readonly front: FrontSpec;
  readonly workers: RigWorker[] = [];
  readonly #options: RigOptions;
  readonly #directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-proxy-'));
  readonly #listeners = new Map<string, { readonly open: ListenerHandle; readonly pinned: Arm | null }>();
  #endpoints: readonly Endpoint[] = [];
  #version = 0;
  #epoch = 0;
  #started = 0;

  private constructor(options: RigOptions) {
    this.#options = options;
    this.front = { ...plainFront, ...options.front };
    const open = openListener('127.0.0.1', 0);
    this.#listeners.set('front', { open, pinned: null });
    this.port = open.port;
  }

  static async start(options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig(options);
    await Promise.all(Array.from({ length: options.workers ?? 1 }, () => rig.addWorker()));
    return rig;
  }

  get worker(): RigWorker {
    const first = this.workers[0];
    if (first === undefined) throw new Error('the rig has no worker');
    return first;
  }

  async addWorker(): Promise<RigWorker> {
    const id = `w${(this.#started += 1)}`;
    const socketPath = path.join(this.#directory, `${id}.sock`);
    const main = new URL('../worker-main.ts', import.meta.url).pathname;
    const child = fork(main, [socketPath, id, JSON.stringify(this.#options.limits ?? {})], {
      execArgv: [...(this.#options.execArgv ?? [])],
    });
    // A worker outlives its keeper by design; it must not outlive a test that failed.
    process.on('exit', () => child.kill('SIGKILL'));
    const messages: WorkerToKeeper[] = [];
    child.on('message', (message) => messages.push(message as WorkerToKeeper));
    const exited = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
    await until(() => messages.some((message) => message.kind === 'ready'));
    const send: RigWorker['send'] = (message, handle) => {
      child.send(message, handle, {}, () => undefined);
    };
    const worker: RigWorker = {
      process: child,
      client: new WorkerClient({ socketPath }),
      socketPath,
      messages,
      exited,
      send,
    };
    this.workers.push(worker);
    send({ kind: 'front', key: serviceKey, front: this.front });
    send({ kind: 'endpoints', key: serviceKey, version: this.#version, endpoints: this.#endpoints });
    for (const [listener, { open, pinned }] of this.#listeners) {
      send({ kind: 'listen', listener, key: serviceKey, pinned }, open.handle);
    }
    await until(
      () => messages.filter((message) => message.kind === 'listening').length === this.#listeners.size,
    );
    return worker;
  }

  /** A listener that always goes to one arm; gives its port. */
  async pin(arm: Arm): Promise<number> {
    const open = openListener('127.0.0.1', 0);
    this.#listeners.set(arm, { open, pinned: arm });
    for (const worker of this.workers)
      worker.send({ kind: 'listen', listener: arm, key: serviceKey, pinned: arm }, open.handle);
    await until(() =>
      this.workers.every((w) => w.messages.some((m) => m.kind === 'listening' && m.listener === arm)),
    );
    return open.port;
  }

  async setEndpoints(...endpoints: readonly Endpoint[]): Promise<void> {
    this.#endpoints = endpoints;
    const version = (this.#version += 1);
    for (const worker of this.workers)
      worker.send({ kind: 'endpoints', key: serviceKey, version, endpoints });
    await until(() =>
      this.workers.every((w) =>
        w.messages.some((m) => m.kind === 'endpointsInForce' && m.version === version),
      ),
    );
  }

  async setRoute(route: Partial<ProxyRoute>): Promise<void> {
    const whole = { ...stableRoute, epoch: (this.#epoch += 1), ...route };
    for (const worker of this.workers) {
      const answer = await worker.client.setRoute(serviceKey, whole);
      if (!answer.ok) throw new Error(answer.message);
    }
  }

  async counters(): Promise<WorkerCounters> {
    const counters = await this.worker.client.counters(serviceKey);
    if (counters === null) throw new Error('the worker does not know the service');
    return counters;
  }

  /** Ends every worker that still runs, by its own handle. */
  async close(): Promise<void> {
    for (const worker of this.workers) {
      worker.client.close();
      worker.process.kill('SIGKILL');
      await worker.exited;
    }
    for (const { open } of this.#listeners.values()) open.close();
    fs.rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Polls until it holds; fails after the deadline. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 8_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A client that sends bytes as they are and keeps all that it gets. */
export class RawClient {
  readonly socket: net.Socket;
  text = '';
  ended = false;
  reset = false;
  closed = false;

  constructor(port: number) {
    this.socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    this.socket.on('data', (data) => {
      this.text += data.toString('latin1');
    });
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') this.reset = true;
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  send(text: string | Buffer): this {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
    return this;
  }

  /** Waits for a text to have come. */
  async got(part: string, limitMs?: number): Promise<this> {
    await until(() => this.text.includes(part) || this.closed, limitMs);
    if (!this.text.includes(part))
      throw new Error(`closed before ${JSON.stringify(part)}: ${JSON.stringify(this.text)}`);
    return this;
  }

  async over(limitMs?: number): Promise<this> {
    await until(() => this.ended || this.closed, limitMs);
    return this;
  }

  close(): void {
    this.socket.destroy();
  }
}

export interface Backend {
  readonly port: number;
  /** Everything that came, of all connections, in latin1. */
  readonly received: () => string;
  readonly connections: Set<net.Socket>;
  readonly accepted: () => number;
  endpoint(id: string, arm: Arm, state?: Endpoint['state']): Endpoint;
  close(): Promise<void>;
}

/** An application made of raw bytes: `onHead` is called for each request head that came in whole. */
export async function backend(
  onHead: (socket: net.Socket, head: string) => void,
  allowHalfOpen = true,
): Promise<Backend> {
  const connections = new Set<net.Socket>();
  let received = '';
  let accepted = 0;
  const server = net.createServer({ allowHalfOpen, noDelay: true }, (socket) => {
    accepted += 1;
    connections.add(socket);
    let rest = '';
    socket.on('data', (data) => {
      const text = data.toString('latin1');
      if (received.length < 1_000_000) received += text;
      if (rest.length > 1_000_000) rest = '';
      rest += text;
      for (let end = rest.indexOf('\r\n\r\n'); end !== -1; end = rest.indexOf('\r\n\r\n')) {
        const head = rest.slice(0, end + 4);
        rest = rest.slice(end + 4);
        if (/[A-Z]+ \/\S* HTTP\/1/.test(head)) onHead(socket, head);
      }
    });
    socket.on('end', () => {
      if (allowHalfOpen) socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as net.AddressInfo).port;
  return {
    port,
    received: () => received,
    connections,
    accepted: () => accepted,
    endpoint: (id, arm, state = 'ready') => ({ id, arm, revision: id, host: '127.0.0.1', port, state }),
    close: async () => {
      for (const socket of connections) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/** An application that says its name and keeps the connection. */
export async function named(name: string): Promise<Backend> {
  return backend((socket) =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`),
  );
}

/** A port that nobody listens on. */
export async function deadEndpoint(id: string, arm: Arm): Promise<Endpoint> {
  const gone = await named('gone');
  await gone.close();
  return gone.endpoint(id, arm);
}

/** One request on a connection of its own; the whole answer. */
export async function ask(port: number, request: string): Promise<string> {
  const client = new RawClient(port);
  client.send(request);
  await client.over();
  client.close();
  return client.text;
}

export function get(path = '/', fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: shop\r\n${fields}Connection: close\r\n\r\n`;
}
