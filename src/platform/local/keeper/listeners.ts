import { lookup } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Arm } from '../../../rollout/effect.ts';
import { SluiceError } from '../../../lib/error.ts';
import { type ListenerHandle, openListener } from '../proxy/open-listener.ts';
import type { ProxyWorker } from './proxy-worker.ts';

/** A listening socket, opened once and given to every worker. */
export interface Listener {
  /** Unique among all. */
  readonly id: string;
  readonly key: string;
  /** Reaches this arm alone; null: the front. */
  readonly pinned: Arm | null;
  readonly host: string;
  readonly port: number;
}

interface OpenListener extends Listener {
  readonly address: string;
  readonly socket: ListenerHandle;
}

const listeningLimitMs = 3_000;
/** Workers start in less than a second on a machine that is not overloaded. */
const servedLimitMs = 8_000;
const pollMs = 5;

export interface ListenerWorkers {
  all(): readonly ProxyWorker[];
}

/** The listening sockets of all services. The keeper holds them and accepts on none. */
export class Listeners {
  readonly #open = new Map<string, OpenListener>();
  readonly #workers: ListenerWorkers;
  #next = 1;

  constructor(workers: ListenerWorkers) {
    this.#workers = workers;
  }

  /** Takes a socket that an earlier keeper opened. */
  inherit(listener: Listener, socket: ListenerHandle): void {
    this.#open.set(listener.id, { ...listener, address: listener.host, socket });
    this.#next = Math.max(this.#next, (Number(listener.id.split('#')[1]) || 0) + 1);
  }

  of(key: string, pinned: Arm | null): Listener | null {
    return this.#find(key, pinned);
  }

  /**
   * Opens a socket for it (port 0: any) and resolves when every worker that serves listens on it. One that is open there
   * already is kept; one elsewhere is closed once the new one is there. Errors: `port-in-use`, `port-forbidden`.
   */
  async ensure(key: string, pinned: Arm | null, host: string, port: number): Promise<Listener> {
    const before = this.#find(key, pinned);
    const resolved = await address(host);
    if (before !== null && before.address === resolved && (before.port === port || port === 0)) return before;
    this.#refuseOwn(resolved, port);
    const socket = openListener(resolved, port);
    const id = `${key}#${this.#next}`;
    this.#next += 1;
    const listener: OpenListener = { id, key, pinned, host, address: resolved, port: socket.port, socket };
    this.#open.set(id, listener);
    const workers = this.#workers.all().filter((worker) => worker.takesListeners);
    for (const worker of workers) this.#hand(worker, listener);
    if (workers.length > 0 && !(await this.#listening(workers, [id]))) {
      this.#close(id);
      throw new SluiceError({
        code: 'port-in-use',
        message: `no proxy worker could listen on ${host}:${listener.port}`,
      });
    }
    if (before !== null) this.#close(before.id);
    return listener;
  }

  /** Resolves when a worker listens on every socket of the service. Errors: `proxy-unreachable`. */
  async served(key: string): Promise<void> {
    const ids = [...this.#open.values()]
      .filter((listener) => listener.key === key)
      .map((listener) => listener.id);
    const isServed = (): boolean =>
      this.#workers
        .all()
        .some((worker) => worker.takesListeners && ids.every((id) => worker.isListening(id)));
    const deadlineMs = performance.now() + servedLimitMs;
    while (!isServed()) {
      if (performance.now() > deadlineMs) {
        throw new SluiceError({
          code: 'proxy-unreachable',
          message: `no proxy worker listens for ${key} yet`,
        });
      }
      await delay(pollMs);
    }
  }

  /** Gives a new worker all sockets; resolves when it listens on them, or after a while. */
  async handAll(worker: ProxyWorker): Promise<void> {
    worker.takeListeners();
    const all = [...this.#open.values()];
    for (const listener of all) this.#hand(worker, listener);
    await this.#listening([worker], [...this.#open.keys()]);
  }

  closeAllOf(key: string): void {
    for (const listener of this.#open.values()) if (listener.key === key) this.#close(listener.id);
  }

  close(): void {
    for (const id of this.#open.keys()) this.#close(id);
  }

  #find(key: string, pinned: Arm | null): OpenListener | null {
    for (const listener of this.#open.values()) {
      if (listener.key === key && listener.pinned === pinned) return listener;
    }
    return null;
  }

  /** Two sockets may be bound to one port as long as no worker listens on either, so the system does not tell. */
  #refuseOwn(host: string, port: number): void {
    if (port === 0) return;
    for (const listener of this.#open.values()) {
      if (listener.port !== port || !overlap(listener.address, host)) continue;
      throw new SluiceError({
        code: 'port-in-use',
        message: `${host}:${port} is the port of ${listener.key}`,
      });
    }
  }

  #hand(worker: ProxyWorker, listener: OpenListener): void {
    const { id, key, pinned, socket } = listener;
    worker.sendListener({ kind: 'listen', listener: id, key, pinned }, socket);
  }

  #close(id: string): void {
    const listener = this.#open.get(id);
    if (listener === undefined) return;
    this.#open.delete(id);
    for (const worker of this.#workers.all()) worker.send({ kind: 'unlisten', listener: id });
    listener.socket.close();
  }

  async #listening(workers: readonly ProxyWorker[], ids: readonly string[]): Promise<boolean> {
    const deadlineMs = performance.now() + listeningLimitMs;
    const done = (): boolean =>
      workers.every((worker) => worker.state === 'gone' || ids.every((id) => worker.isListening(id)));
    while (!done() && performance.now() < deadlineMs) await delay(pollMs);
    return done();
  }
}

async function address(host: string): Promise<string> {
  return (await lookup(host)).address;
}

function overlap(a: string, b: string): boolean {
  return a === b || [a, b].some((address) => address === '0.0.0.0' || address === '::');
}
