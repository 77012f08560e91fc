import * as net from 'node:net';
import type { Arm } from '../../../rollout/effect.ts';
import { acceptClient } from './client-connection.ts';
import type { ProxyContext } from './context.ts';
import { type ControlAnswer, type ControlServer, openControlServer } from './control-server.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { InFlightReporter } from './in-flight-reporter.ts';
import { defaultLimits, type ProxyLimits } from './limits.ts';
import type { KeeperToWorker, WorkerRequest, WorkerRoutes, WorkerToKeeper } from './messages.ts';
import { Service } from './service.ts';
import { nextRoute, unattendedRoute } from './set-route.ts';
import { Watchdog } from './watchdog.ts';

export interface ProxyWorkerOptions {
  readonly controlSocketPath: string;
  /** Another one at each start; `WorkerCounters.worker`. */
  readonly workerId: string;
  readonly limits?: Partial<ProxyLimits>;
}

/** How long a worker takes that is told to end by a signal, with no keeper to say so. */
const signalDrainMs = 30_000;
const beatMs = 250;
const maxServices = 20_000;

/**
 * Runs a proxy worker in this process: listening sockets, fronts and endpoints come over the fork's IPC channel, routes over
 * the control socket. Resolves when the control socket is open; the process then ends by `drain` (exit 0) or SIGTERM (the
 * same). It goes on serving when the IPC channel closes.
 */
export async function runProxyWorker(options: ProxyWorkerOptions): Promise<void> {
  const worker = new ProxyWorker(options);
  await worker.start();
}

class ProxyWorker {
  readonly #options: ProxyWorkerOptions;
  readonly #services = new Map<string, Service>();
  readonly #servers = new Map<string, net.Server>();
  readonly #context: ProxyContext;
  #control: ControlServer | null = null;
  #heardAtMs = performance.now();
  #ending = false;
  #exitAtMs = Number.POSITIVE_INFINITY;

  constructor(options: ProxyWorkerOptions) {
    this.#options = options;
    const limits = { ...defaultLimits, ...options.limits };
    const send = (counts: Readonly<Record<string, number>>): void => tellKeeper({ kind: 'inFlight', counts });
    this.#context = {
      limits,
      watchdog: new Watchdog(),
      connections: new Set(),
      inFlight: new InFlightReporter(() => this.#allPools(), send),
      draining: false,
      log: limitedLog(),
    };
  }

  async start(): Promise<void> {
    process.on('message', (message, handle) => this.#obey(message as KeeperToWorker, handle));
    process.on('disconnect', () => undefined);
    process.on('SIGTERM', () => this.#drain(signalDrainMs));
    // Ctrl-C reaches the whole terminal; when to end is the keeper's to say.
    process.on('SIGINT', () => undefined);
    process.on('SIGHUP', () => undefined);
    this.#control = await openControlServer({
      socketPath: this.#options.controlSocketPath,
      answer: (request) => this.#answer(request),
      onHeard: () => {
        this.#heardAtMs = performance.now();
      },
    });
    setInterval(() => this.#beat(), beatMs);
    tellKeeper({ kind: 'ready' });
  }

  #obey(message: KeeperToWorker, handle: unknown): void {
    switch (message.kind) {
      case 'listen':
        this.#listen(message.listener, message.key, message.pinned, handle);
        return;
      case 'unlisten':
        this.#servers.get(message.listener)?.close();
        this.#servers.delete(message.listener);
        return;
      case 'front':
        this.#service(message.key).setFront(message.front);
        return;
      case 'endpoints': {
        const service = this.#service(message.key);
        service.setEndpoints(message.version, message.endpoints);
        tellKeeper({ kind: 'endpointsInForce', key: message.key, version: service.endpointsVersion });
        this.#context.inFlight.schedule();
        return;
      }
      case 'removeService':
        this.#services.get(message.key)?.close();
        this.#services.delete(message.key);
        return;
      case 'drain':
        this.#drain(message.limitMs);
        return;
    }
  }

  #listen(listener: string, key: string, pinned: Arm | null, handle: unknown): void {
    if (handle === undefined || handle === null || this.#ending) return;
    this.#servers.get(listener)?.close();
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      acceptClient(socket, this.#service(key), pinned, this.#context);
    });
    this.#servers.set(listener, server);
    server.on('error', (error) => this.#context.log('error', `listener ${listener}: ${error.message}`));
    server.listen(handle as net.Server, () => tellKeeper({ kind: 'listening', listener }));
  }

  #service(key: string): Service {
    const known = this.#services.get(key);
    if (known !== undefined) return known;
    const service = new Service(key, this.#options.workerId, this.#context.watchdog);
    this.#services.set(key, service);
    return service;
  }

  *#allPools(): Iterable<EndpointPool> {
    for (const service of this.#services.values()) yield* service.pools;
  }

  #answer(request: WorkerRequest): ControlAnswer {
    switch (request.method) {
      case 'ping':
        return { ok: true, result: null };
      case 'setRoute':
        return this.#setRoute(request);
      case 'routes':
        return { ok: true, result: this.#routes() };
      case 'counters': {
        const service = this.#services.get(request.key);
        return service === undefined ? unknownService(request.key) : { ok: true, result: service.snapshot() };
      }
      case 'closeStreams': {
        const service = this.#services.get(request.key);
        if (service === undefined) return unknownService(request.key);
        return { ok: true, result: { closed: this.#closeStreams(service, request.arm) } };
      }
      default:
        return { ok: false, error: 'bad-request', message: 'unknown method' };
    }
  }

  #setRoute({ key, route }: Extract<WorkerRequest, { readonly method: 'setRoute' }>): ControlAnswer {
    if (typeof key !== 'string' || key === '' || key.length > 512) {
      return { ok: false, error: 'bad-request', message: 'key is not a short text' };
    }
    if (!this.#services.has(key) && this.#services.size >= maxServices) return unknownService(key);
    const next = nextRoute(this.#services.get(key)?.route ?? null, route);
    if (!next.ok) return { ok: false, ...next.error };
    const service = this.#service(key);
    service.route = next.value;
    service.unattended = false;
    return { ok: true, result: { epoch: next.value.epoch } };
  }

  #routes(): WorkerRoutes {
    const routes: Record<string, WorkerRoutes['routes'][string]> = {};
    for (const [key, service] of this.#services) {
      if (service.route !== null) routes[key] = { route: service.route, unattended: service.unattended };
    }
    return { worker: this.#options.workerId, routes };
  }

  #closeStreams(service: Service, arm: Arm): number {
    const now = performance.now();
    let closed = 0;
    for (const connection of this.#context.connections) {
      if (connection.service === service && connection.closeStream(arm, now)) closed += 1;
    }
    return closed;
  }

  #beat(): void {
    const now = performance.now();
    for (const service of this.#services.values()) {
      const { route } = service;
      if (route === null || service.unattended || route.unattended === 'keep') continue;
      if (now - this.#heardAtMs < route.unattendedMs) continue;
      service.route = unattendedRoute(route);
      service.unattended = true;
      this.#context.log(
        'warn',
        `${service.key}: no engine for ${route.unattendedMs} ms, all traffic goes to stable`,
      );
    }
    if (this.#ending && (this.#context.connections.size === 0 || now >= this.#exitAtMs)) this.#exit();
  }

  #drain(limitMs: number): void {
    this.#exitAtMs = Math.min(this.#exitAtMs, performance.now() + limitMs);
    if (this.#ending) return;
    this.#ending = true;
    this.#context.draining = true;
    for (const server of this.#servers.values()) server.close();
    this.#servers.clear();
    for (const connection of this.#context.connections) connection.drain();
  }

  #exit(): void {
    this.#control?.close();
    process.exit(0);
  }
}

function tellKeeper(message: WorkerToKeeper): void {
  if (process.connected) process.send?.(message, () => undefined);
}

function unknownService(key: string): ControlAnswer {
  return { ok: false, error: 'unknown-service', message: `no service ${key} here` };
}

const logPauseMs = 1_000;

/** The same message at most once a second: a broken arm must not fill the keeper's log. */
function limitedLog(): ProxyContext['log'] {
  const saidAtMs = new Map<string, number>();
  return (level, message) => {
    const now = performance.now();
    if (now - (saidAtMs.get(message) ?? Number.NEGATIVE_INFINITY) < logPauseMs) return;
    if (saidAtMs.size > 1_000) saidAtMs.clear();
    saidAtMs.set(message, now);
    tellKeeper({ kind: 'log', level, message });
  };
}
