import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type { Arm } from '../../rollout/effect.ts';
import { SluiceError } from '../../lib/error.ts';
import type { WorkerInfo } from './keeper/worker-info.ts';
import { identify, isAlive, type ProcessIdentity, signalProcess } from './process/identity.ts';
import type { ProxyRoute, WorkerCounters } from './proxy/messages.ts';
import { type SetRouteAnswer, WorkerClient } from './proxy/worker-client.ts';

/** Of one request to a worker on this machine: far more than a loaded one needs. */
const requestLimitMs = 1_000;
/** How long the system may take to end a process that was killed. */
const endLimitMs = 1_000;
/** How old what was read of a worker's routes may be. A worker changes them by itself only when no engine speaks to it. */
const freshMs = 1_000;

/** The engine's line to one proxy worker, with what is known of its routes. */
export class WorkerLink {
  readonly info: WorkerInfo;
  readonly #client: WorkerClient;
  readonly #identity: ProcessIdentity | null;
  #routes = new Map<string, ProxyRoute>();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<boolean> | null = null;

  constructor(info: WorkerInfo) {
    this.info = info;
    this.#identity = identify(info.pid);
    this.#client = new WorkerClient({ socketPath: info.socketPath, requestTimeoutMs: requestLimitMs });
  }

  get alive(): boolean {
    return this.#identity !== null && isAlive(this.#identity);
  }

  route(key: string): ProxyRoute | null {
    return this.#routes.get(key) ?? null;
  }

  get routes(): ReadonlyMap<string, ProxyRoute> {
    return this.#routes;
  }

  /** Reads its routes where what is known of them is old. False: it did not answer. */
  refresh(): Promise<boolean> {
    if (performance.now() - this.#readAtMs < freshMs) return Promise.resolve(true);
    this.#reading ??= this.#read();
    return this.#reading;
  }

  /** Resolves with its answer, once it is in force if it is ok. Errors: `proxy-unreachable`. */
  async setRoute(key: string, route: ProxyRoute): Promise<SetRouteAnswer> {
    const answer = await this.#client.setRoute(key, route);
    if (answer.ok) this.#routes.set(key, { ...route, epoch: answer.epoch });
    return answer;
  }

  /**
   * Makes the route the worker's, or ends the worker: a new one serves stable only. Resolves when no request of this worker can
   * go another way any more.
   */
  async forceRoute(key: string, route: ProxyRoute): Promise<void> {
    let asked = route;
    for (;;) {
      try {
        const answer = await this.setRoute(key, asked);
        if (answer.ok || answer.error === 'unknown-service') return;
        if (answer.error !== 'stale-epoch')
          throw new SluiceError({ code: 'proxy-unreachable', message: answer.message });
        this.#readAtMs = Number.NEGATIVE_INFINITY;
        await this.refresh();
        asked = { ...asked, epoch: Math.max(asked.epoch, this.route(key)?.epoch ?? 0) + 1 };
      } catch {
        // What arrived while this process itself was held up is read before the worker is blamed for it.
        await turn();
        if (!this.alive) return;
        await this.#kill();
        return;
      }
    }
  }

  counters(key: string): Promise<WorkerCounters | null> {
    return this.#client.counters(key);
  }

  async closeStreams(key: string, arm: Arm): Promise<void> {
    await this.#client.closeStreams(key, arm);
  }

  close(): void {
    this.#client.close();
  }

  async #read(): Promise<boolean> {
    try {
      const { routes } = await this.#client.routes();
      this.#routes = new Map(Object.entries(routes).map(([key, held]) => [key, held.route]));
      this.#readAtMs = performance.now();
      return true;
    } catch {
      return false;
    } finally {
      this.#reading = null;
    }
  }

  async #kill(): Promise<void> {
    if (this.#identity !== null) signalProcess(this.#identity, 'SIGKILL');
    for (let waitedMs = 0; waitedMs < endLimitMs && this.alive; waitedMs += 5) await delay(5);
  }
}
