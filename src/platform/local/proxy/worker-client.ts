import * as net from 'node:net';
import { SluiceError } from '../../../lib/error.ts';
import type { Arm } from '../../../rollout/effect.ts';
import { LineReader } from './line-reader.ts';
import type {
  CloseStreamsResult,
  ProxyRoute,
  SetRouteResult,
  WorkerCounters,
  WorkerRequest,
  WorkerResponse,
  WorkerRoutes,
} from './messages.ts';

export interface WorkerClientOptions {
  readonly socketPath: string;
  /** Called at each (re)connection: a restarted worker has no route until it is told one. */
  readonly onConnected?: () => void;
  readonly onDisconnected?: () => void;
  /** Of one request, with the wait for a connection. */
  readonly requestTimeoutMs?: number;
}

export type SetRouteAnswer =
  | { readonly ok: true; readonly epoch: number }
  | {
      readonly ok: false;
      readonly error: Extract<WorkerResponse, { readonly ok: false }>['error'];
      readonly message: string;
    };

interface Waiting {
  readonly resolve: (response: WorkerResponse) => void;
  readonly reject: (error: SluiceError) => void;
  readonly timer: NodeJS.Timeout;
}

type RequestBody = WorkerRequest extends infer R ? (R extends WorkerRequest ? Omit<R, 'id'> : never) : never;

const reconnectMinMs = 10;
const reconnectMaxMs = 1_000;
/** While a request waits for the connection: a rollback's write must not wait for a back-off. */
const waitingReconnectMs = 20;
/** Far below any sensible `unattendedMs`. */
const pingMs = 5_000;
const lineLimitBytes = 64 * 1024 * 1024;

/**
 * The engine's end of one worker's control socket: connects at once, reconnects until closed, pings. A request waits for the
 * connection up to its timeout, then fails with `proxy-unreachable`.
 */
export class WorkerClient {
  readonly #options: WorkerClientOptions;
  readonly #waiting = new Map<number, Waiting>();
  #unsent: { readonly id: number; readonly line: string }[] = [];
  #socket: net.Socket | null = null;
  #connected = false;
  #closed = false;
  #nextId = 1;
  #backoffMs = reconnectMinMs;
  #reconnect: NodeJS.Timeout | null = null;
  readonly #ping: NodeJS.Timeout;

  constructor(options: WorkerClientOptions) {
    this.#options = options;
    this.#ping = setInterval(() => this.#sendPing(), pingMs);
    this.#ping.unref();
    this.#connect();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Resolves when the route is in force in this worker, or with the worker's refusal. */
  async setRoute(key: string, route: ProxyRoute): Promise<SetRouteAnswer> {
    const response = await this.#request({ method: 'setRoute', key, route });
    if (!response.ok) return { ok: false, error: response.error, message: response.message };
    return { ok: true, epoch: (response.result as SetRouteResult).epoch };
  }

  async routes(): Promise<WorkerRoutes> {
    return this.#result<WorkerRoutes>({ method: 'routes' });
  }

  /** null: the worker does not know the service. */
  async counters(key: string): Promise<WorkerCounters | null> {
    const response = await this.#request({ method: 'counters', key });
    if (response.ok) return response.result as WorkerCounters;
    if (response.error === 'unknown-service') return null;
    throw refused(response.message);
  }

  /** How many streams were told to end. */
  async closeStreams(key: string, arm: Arm): Promise<number> {
    return (await this.#result<CloseStreamsResult>({ method: 'closeStreams', key, arm })).closed;
  }

  /** Ends the connection; what waits is rejected. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#ping);
    if (this.#reconnect !== null) clearTimeout(this.#reconnect);
    this.#socket?.destroy();
    this.#failAll('the client was closed');
  }

  async #result<Result>(body: RequestBody): Promise<Result> {
    const response = await this.#request(body);
    if (!response.ok) throw refused(response.message);
    return response.result as Result;
  }

  #request(body: RequestBody): Promise<WorkerResponse> {
    if (this.#closed) return Promise.reject(unreachableError('the client was closed'));
    const id = this.#nextId;
    this.#nextId += 1;
    const line = `${JSON.stringify({ id, ...body })}\n`;
    return new Promise((resolve, reject) => {
      const timeoutMs = this.#options.requestTimeoutMs ?? 2_000;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        this.#unsent = this.#unsent.filter((entry) => entry.id !== id);
        reject(unreachableError(`no answer from ${this.#options.socketPath} within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      if (this.#connected) this.#socket?.write(line);
      else {
        this.#unsent.push({ id, line });
        this.#connectNow();
      }
    });
  }

  #connectNow(): void {
    if (this.#socket !== null) return;
    if (this.#reconnect !== null) clearTimeout(this.#reconnect);
    this.#reconnect = null;
    this.#connect();
  }

  #connect(): void {
    const socket = net.connect({ path: this.#options.socketPath });
    this.#socket = socket;
    const reader = new LineReader(lineLimitBytes, (line) => this.#receive(line));
    socket.on('connect', () => {
      this.#connected = true;
      this.#backoffMs = reconnectMinMs;
      for (const entry of this.#unsent) socket.write(entry.line);
      this.#unsent = [];
      this.#options.onConnected?.();
    });
    socket.on('data', (data) => {
      if (!reader.push(data)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => this.#lost());
  }

  #lost(): void {
    const was = this.#connected;
    this.#socket = null;
    this.#connected = false;
    if (was) {
      const unsent = new Set(this.#unsent.map((entry) => entry.id));
      this.#failAll(`${this.#options.socketPath} closed the connection`, unsent);
      this.#options.onDisconnected?.();
    }
    if (this.#closed) return;
    this.#reconnect = setTimeout(
      () => {
        this.#reconnect = null;
        this.#connect();
      },
      this.#waiting.size > 0 ? Math.min(this.#backoffMs, waitingReconnectMs) : this.#backoffMs,
    );
    this.#reconnect.unref();
    this.#backoffMs = Math.min(this.#backoffMs * 2, reconnectMaxMs);
  }

  #receive(line: string): void {
    const response = parse(line);
    if (response === null) {
      this.#socket?.destroy();
      return;
    }
    const waiting = this.#waiting.get(response.id);
    if (waiting === undefined) return;
    this.#waiting.delete(response.id);
    clearTimeout(waiting.timer);
    waiting.resolve(response);
  }

  #failAll(why: string, except: ReadonlySet<number> = new Set()): void {
    for (const [id, waiting] of this.#waiting) {
      if (except.has(id)) continue;
      this.#waiting.delete(id);
      clearTimeout(waiting.timer);
      waiting.reject(unreachableError(why));
    }
  }

  #sendPing(): void {
    if (!this.#connected) return;
    this.#socket?.write(`${JSON.stringify({ id: 0, method: 'ping' })}\n`);
  }
}

/** null: whoever listens there is no worker. */
function parse(line: string): WorkerResponse | null {
  try {
    const parsed = JSON.parse(line) as WorkerResponse | null;
    return typeof parsed?.id === 'number' ? parsed : null;
  } catch {
    return null;
  }
}

function refused(message: string): SluiceError {
  return new SluiceError({ code: 'internal', message: `the proxy worker refused: ${message}` });
}

function unreachableError(why: string): SluiceError {
  return new SluiceError({ code: 'proxy-unreachable', message: `a proxy worker cannot be reached: ${why}` });
}
