import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EndpointReceiver, EndpointWorkers } from './endpoint-publisher.ts';
import { ProxyWorker } from './proxy-worker.ts';
import type { WorkerInfo, WorkerRecord } from './worker-info.ts';

/** How long a new worker waits to be told the routes while an engine is there. */
const routedLimitMs = 1_000;
/** How long requests in flight may go on in a worker that is replaced. */
export const workerDrainMs = 30_000;
const readyLimitMs = 10_000;
const restartFirstMs = 50;
const restartLongestMs = 5_000;
/** A worker that ran this long was well. */
const soundAfterMs = 60_000;

export interface WorkerPoolOptions {
  readonly size: number;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly socketFolder: string;
  readonly keeperId: string;
  readonly logDescriptor: number;
  readonly log: (message: string) => void;
  /** Endpoints of a service came into force in a worker. */
  readonly endpointsInForce: (key: string) => void;
  /** Workers came, went, or changed their state. */
  readonly listChanged: () => void;
  /** Tells a new worker fronts and endpoints. */
  readonly greet: (worker: ProxyWorker) => void;
  /** Hands a new worker the listening sockets; resolves when it listens on all. */
  readonly handListeners: (worker: ProxyWorker) => Promise<void>;
  readonly engineIsThere: () => boolean;
}

/** Keeps the wanted number of proxy workers alive. */
export class WorkerPool implements EndpointWorkers {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Set<ProxyWorker>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #restartMs = restartFirstMs;
  #closing = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** Starts all; resolves when they serve or have failed once (each is then started again). */
  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.size }, () => this.#startOne()));
  }

  receivers(): readonly EndpointReceiver[] {
    return this.all();
  }

  /** All whose control socket is open. */
  all(): readonly ProxyWorker[] {
    return [...this.#workers].filter((worker) => worker.info() !== null);
  }

  infos(): readonly WorkerInfo[] {
    return this.all().flatMap((worker) => worker.info() ?? []);
  }

  records(): readonly WorkerRecord[] {
    return [...this.#workers].flatMap((worker) => worker.record() ?? []);
  }

  find(id: string): ProxyWorker | undefined {
    return [...this.#workers].find((worker) => worker.id === id);
  }

  /** New workers first; the old ones drain once the new ones serve. */
  async reload(): Promise<void> {
    const old = [...this.#workers].filter((worker) => worker.state !== 'draining');
    await this.start();
    const anyNew = this.all().some((worker) => !old.includes(worker) && worker.state === 'serving');
    if (!anyNew) throw new Error('no new worker came up; the old ones serve on');
    await this.#drain(old);
  }

  async shutdown(): Promise<void> {
    this.#closing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#drain([...this.#workers]);
  }

  async #drain(workers: readonly ProxyWorker[]): Promise<void> {
    const ends = workers.map((worker) => worker.drain(workerDrainMs));
    this.#options.listChanged();
    await Promise.all(ends);
  }

  async #startOne(): Promise<void> {
    if (this.#closing) return;
    const { options, worker } = this.#spawn();
    const startedAtMs = performance.now();
    const notReady = setTimeout(() => worker.kill(), readyLimitMs);
    await worker.ready;
    clearTimeout(notReady);
    if (worker.info() === null) return;
    options.greet(worker);
    options.listChanged();
    if (options.engineIsThere()) await worker.routed(routedLimitMs);
    await options.handListeners(worker);
    worker.markServing();
    options.listChanged();
    const sound = setTimeout(
      () => {
        if (worker.state === 'serving') this.#restartMs = restartFirstMs;
        this.#timers.delete(sound);
      },
      soundAfterMs - (performance.now() - startedAtMs),
    );
    this.#timers.add(sound.unref());
  }

  #spawn(): { readonly options: WorkerPoolOptions; readonly worker: ProxyWorker } {
    const options = this.#options;
    const id = randomBytes(4).toString('hex');
    const worker: ProxyWorker = new ProxyWorker({
      id,
      command: options.command,
      env: options.env,
      socketPath: join(options.socketFolder, `worker-${id}.sock`),
      keeperId: options.keeperId,
      logDescriptor: options.logDescriptor,
      log: options.log,
      endpointsInForce: options.endpointsInForce,
      exited: () => this.#onExit(worker),
    });
    this.#workers.add(worker);
    options.listChanged();
    return { options, worker };
  }

  #onExit(worker: ProxyWorker): void {
    this.#workers.delete(worker);
    rmSync(worker.socketPath, { force: true });
    this.#options.listChanged();
    const enough =
      [...this.#workers].filter((other) => other.state !== 'draining').length >= this.#options.size;
    if (this.#closing || enough) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#startOne();
    }, this.#restartMs);
    this.#timers.add(timer);
    this.#restartMs = Math.min(this.#restartMs * 2, restartLongestMs);
  }
}
