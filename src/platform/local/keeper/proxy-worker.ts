import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint, KeeperToWorker, WorkerToKeeper } from '../proxy/messages.ts';
import type { ListenerHandle } from '../proxy/open-listener.ts';
import { keeperMark } from '../process/environment.ts';
import { identify, type ProcessIdentity } from '../process/identity.ts';
import { waitAtMost } from '../process/stop-process.ts';
import type { EndpointReceiver } from './endpoint-publisher.ts';
import type { WorkerInfo, WorkerRecord } from './worker-info.ts';

export interface ProxyWorkerOptions {
  readonly id: string;
  /** argv of the hidden command that runs a worker. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly socketPath: string;
  readonly keeperId: string;
  readonly logDescriptor: number;
  readonly log: (message: string) => void;
  /** Endpoints of a service came into force in it. */
  readonly endpointsInForce: (key: string) => void;
  readonly exited: () => void;
}

/** One proxy worker as its parent sees it: in a session of its own, so that it serves on when the keeper dies. */
export class ProxyWorker implements EndpointReceiver {
  readonly id: string;
  readonly socketPath: string;
  readonly identity: ProcessIdentity | null;
  readonly #child: ChildProcess;
  readonly #options: ProxyWorkerOptions;
  readonly #versions = new Map<string, number>();
  readonly #listening = new Set<string>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #routed = Promise.withResolvers<void>();
  readonly #exit = Promise.withResolvers<void>();
  #takesListeners = false;
  #inFlight: Readonly<Record<string, number>> = {};
  #state: WorkerInfo['state'] | 'new' | 'gone' = 'new';

  constructor(options: ProxyWorkerOptions) {
    this.id = options.id;
    this.socketPath = options.socketPath;
    this.#options = options;
    const [file = '', ...args] = options.command;
    this.#child = spawn(file, args, {
      detached: true,
      env: {
        ...options.env,
        SLUICE_WORKER_ID: options.id,
        SLUICE_WORKER_SOCKET: options.socketPath,
        [keeperMark]: options.keeperId,
      },
      stdio: ['ignore', options.logDescriptor, options.logDescriptor, 'ipc'],
    });
    this.identity = this.#child.pid === undefined ? null : identify(this.#child.pid);
    this.#child.on('message', (message) => this.#receive(message as WorkerToKeeper));
    this.#child.once('error', (error) => this.#onExit(`could not be started: ${error.message}`));
    this.#child.once('exit', (code, signal) =>
      this.#onExit(code === null ? `was ended by ${signal}` : `exited with ${code}`),
    );
  }

  get state(): WorkerInfo['state'] | 'new' | 'gone' {
    return this.#state;
  }

  /** Resolves at its end, however it ended. */
  get exit(): Promise<void> {
    return this.#exit.promise;
  }

  /** Its control socket is open, or it is gone. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  info(): WorkerInfo | null {
    if (this.#state === 'new' || this.#state === 'gone') return null;
    return { id: this.id, pid: this.#child.pid ?? 0, socketPath: this.socketPath, state: this.#state };
  }

  record(): WorkerRecord | null {
    if (this.identity === null || this.#state === 'gone') return null;
    return { id: this.id, identity: this.identity, socketPath: this.socketPath };
  }

  /** The engine told it all routes. */
  markRouted(): void {
    this.#routed.resolve();
  }

  /** Waits until the engine told it all routes; at the limit it goes on without, and then serves stable only. */
  async routed(limitMs: number): Promise<void> {
    await waitAtMost(Promise.race([this.#routed.promise, this.exit]), limitMs);
  }

  markServing(): void {
    if (this.#state === 'starting') this.#state = 'serving';
  }

  send(message: KeeperToWorker): void {
    if (this.#state === 'gone' || !this.#child.connected) return;
    this.#child.send(message, (error) => this.#sendFailed(error));
  }

  sendEndpoints(key: string, version: number, endpoints: readonly Endpoint[]): void {
    this.send({ kind: 'endpoints', key, version, endpoints });
  }

  sendListener(
    message: Extract<KeeperToWorker, { readonly kind: 'listen' }>,
    listener: ListenerHandle,
  ): void {
    if (this.#state === 'gone' || !this.#child.connected) return;
    this.#child.send(message, listener.handle, {}, (error) => this.#sendFailed(error));
  }

  /** From now on it is given every socket that is opened. */
  takeListeners(): void {
    this.#takesListeners = true;
  }

  get takesListeners(): boolean {
    return this.#takesListeners && this.#state !== 'draining' && this.#state !== 'gone';
  }

  isListening(listener: string): boolean {
    return this.#listening.has(listener);
  }

  versionInForce(key: string): number {
    return this.#versions.get(key) ?? 0;
  }

  inFlight(endpointId: string): number | undefined {
    return this.#inFlight[endpointId];
  }

  /** Lets it finish; at the limit, and a little more, it is killed. */
  async drain(limitMs: number): Promise<void> {
    if (this.#state !== 'gone') this.#state = 'draining';
    this.send({ kind: 'drain', limitMs });
    if (await waitAtMost(this.exit, limitMs + 1_000)) return;
    this.#options.log(`worker ${this.id} did not end within its limit and is killed`);
    this.kill();
    await Promise.race([this.exit, delay(2_000)]);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #receive(message: WorkerToKeeper): void {
    switch (message.kind) {
      case 'ready':
        if (this.#state === 'new') this.#state = 'starting';
        this.#ready.resolve();
        break;
      case 'listening':
        this.#listening.add(message.listener);
        break;
      case 'endpointsInForce':
        this.#versions.set(message.key, Math.max(message.version, this.versionInForce(message.key)));
        this.#options.endpointsInForce(message.key);
        break;
      case 'inFlight':
        this.#inFlight = message.counts;
        break;
      case 'log':
        this.#options.log(`worker ${this.id}: ${message.message}`);
        break;
    }
  }

  #sendFailed(error: Error | null): void {
    if (error !== null) this.#options.log(`worker ${this.id} could not be told: ${error.message}`);
  }

  #onExit(how: string): void {
    if (this.#state === 'gone') return;
    this.#options.log(`worker ${this.id} ${how}`);
    this.#state = 'gone';
    this.#ready.resolve();
    this.#exit.resolve();
    this.#options.exited();
  }
}
