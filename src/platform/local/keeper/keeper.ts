import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { FrontSpec } from '../../../resource/service-spec.ts';
import { SluiceError } from '../../../lib/error.ts';
import { unreachable } from '../../../lib/assert.ts';
import { bootId, isAlive, signalProcess } from '../process/identity.ts';
import { LogFile } from '../process/log-file.ts';
import { LogKeeping } from '../process/log-keeping.ts';
import { ControlServer } from './control-server.ts';
import type { Inherited } from './inheritance.ts';
import { Listeners } from './listeners.ts';
import type { KeeperPaths } from './paths.ts';
import {
  keeperProtocolVersion,
  type KeeperEvent,
  type KeeperRequest,
  type ServiceNames,
} from './protocol.ts';
import type { ProxyWorker } from './proxy-worker.ts';
import { Service } from './service.ts';
import { type KeeperState, type ServiceState, StateFile } from './state-file.ts';
import { endStrays } from './strays.ts';
import type { WorkerInfo, WorkerRecord } from './worker-info.ts';
import { workerDrainMs, WorkerPool } from './worker-pool.ts';

export interface KeeperOptions {
  readonly paths: KeeperPaths;
  /** argv of the hidden command that runs a proxy worker. */
  readonly workerCommand: readonly string[];
  readonly workers: number;
  /** Environment of workers. */
  readonly workerEnv: Readonly<Record<string, string | undefined>>;
  readonly log: (message: string) => void;
  /** Everything is stopped after `shutdown`. */
  readonly ended: () => void;
}

/** Parent of proxy workers and applications: holds what is to run, and makes it so. Knows no weight. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #logs = new LogKeeping();
  readonly #services = new Map<string, Service>();
  readonly #pool: WorkerPool;
  readonly #listeners: Listeners;
  readonly #control: ControlServer;
  /** After a reboot, and after `down`, nothing of an earlier run is there any more: that is a new life. */
  #life = `${bootId()}/${randomUUID()}`;
  readonly #file: StateFile;
  /** Workers of an earlier keeper that still serve or drain. */
  #orphans: readonly WorkerRecord[] = [];
  #closing = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    const workerLog = new LogFile(options.paths.workerLog);
    this.#logs.add(workerLog);
    this.#logs.add(new LogFile(options.paths.keeperLog));
    this.#pool = new WorkerPool({
      size: options.workers,
      command: options.workerCommand,
      env: options.workerEnv,
      socketFolder: options.paths.socketFolder,
      keeperId: options.paths.keeperId,
      logDescriptor: workerLog.descriptor,
      log: options.log,
      endpointsInForce: (key) => this.#services.get(key)?.changed(),
      listChanged: () => this.#workersChanged(),
      greet: (worker) => this.#greet(worker),
      handListeners: (worker) => this.#listeners.handAll(worker),
      engineIsThere: () => this.#control.hasSubscriber,
    });
    this.#listeners = new Listeners(this.#pool);
    this.#control = new ControlServer({
      handle: (request) => this.#handle(request),
      picture: () => this.#picture(),
    });
    this.#file = new StateFile(options.paths.stateFile, () => this.#state(), options.log);
  }

  /** Takes over what an earlier keeper left, then serves. Resolves when workers serve and those of the earlier one are gone. */
  async start(state: KeeperState | null, inherited: readonly Inherited[]): Promise<void> {
    this.#orphans = (state?.workers ?? []).filter((worker) => isAlive(worker.identity));
    const adopting = state !== null && (this.#orphans.length > 0 || hasLivingReplica(state));
    if (adopting) this.#life = state.bootId;
    this.#options.log(
      `keeper ${process.pid} starts: ${inherited.length} sockets handed over, ${this.#orphans.length} workers of an earlier one`,
    );
    if (inherited.length === 0) await this.#endOrphans();
    for (const { listener, socket } of inherited) this.#listeners.inherit(listener, socket);
    for (const service of state?.services ?? []) await this.#restore(service, !adopting);
    endStrays(this.#options.paths.keeperId, state, this.#options.log);
    rmSync(this.#options.paths.keeperSocket, { force: true });
    await this.#control.listen(this.#options.paths.keeperSocket);
    await this.#pool.start();
    await this.#endOrphans();
    // Whose socket only a worker of the earlier keeper had: it is free now.
    for (const service of state?.services ?? []) await this.#openRestored(service);
    for (const service of this.#services.values()) service.hold(false);
    await this.#file.save();
  }

  /** Workers drain, then applications stop. What is to run stays written down. */
  async shutdown(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await this.#pool.shutdown();
    const saved = this.#state();
    this.#listeners.close();
    await Promise.all([...this.#services.values()].map((service) => service.stop()));
    await this.#file.saveLast({
      ...saved,
      workers: [],
      services: saved.services.map((service) => ({ ...service, replicas: [] })),
    });
    this.#logs.close();
    // After the answer to the request that asked for it.
    setImmediate(() => {
      this.#control.close();
      this.#options.ended();
    });
  }

  async #handle(request: KeeperRequest): Promise<unknown> {
    switch (request.method) {
      case 'subscribe':
        return null;
      case 'ensureService':
        return this.#ensureService(request.key, request.front);
      case 'removeService':
        return this.#removeService(request.key);
      case 'setArm':
        this.#service(request.key).setArm(request);
        return this.#saved();
      case 'setFloor':
        this.#service(request.key).setFloor(request.replicas);
        return this.#saved();
      case 'workerRouted':
        this.#pool.find(request.worker)?.markRouted();
        return null;
      case 'killWorker':
        this.#pool.find(request.worker)?.kill();
        return null;
      case 'reloadWorkers':
        return this.#pool.reload();
      case 'shutdown':
        return this.shutdown();
      default:
        return unreachable(request);
    }
  }

  async #ensureService(key: string, front: FrontSpec): Promise<ServiceNames> {
    await this.#openListeners(key, front, { stable: 0, canary: 0 });
    const known = this.#services.get(key);
    const service = known ?? this.#newService(key, front);
    service.front = front;
    for (const worker of this.#pool.all()) worker.send({ kind: 'front', key, front });
    if (known === undefined) service.publisher.publish([]);
    const names = this.#names(key);
    this.#control.tell({ event: 'serviceChanged', key, names });
    await this.#saved();
    await this.#listeners.served(key);
    return names;
  }

  async #removeService(key: string): Promise<void> {
    const service = this.#services.get(key);
    if (service === undefined) return;
    this.#listeners.closeAllOf(key);
    await service.stop();
    this.#services.delete(key);
    for (const worker of this.#pool.all()) worker.send({ kind: 'removeService', key });
    this.#control.tell({ event: 'serviceRemoved', key });
    await this.#saved();
  }

  #service(key: string): Service {
    const service = this.#services.get(key);
    if (service !== undefined) return service;
    throw new SluiceError({ code: 'not-found', message: `the keeper knows no service ${key}` });
  }

  #newService(key: string, front: FrontSpec): Service {
    const service = new Service(
      {
        key,
        keeperId: this.#options.paths.keeperId,
        outerEnv: process.env,
        logs: this.#logs,
        logFolder: this.#options.paths.logFolder,
        workers: this.#pool,
        portUser: (port, self) => this.#portUser(port, self),
        save: () => void this.#saved(),
        armChanged: (changedKey, status) =>
          this.#control.tell({ event: 'armChanged', key: changedKey, status }),
      },
      front,
    );
    this.#services.set(key, service);
    return service;
  }

  async #restore(state: ServiceState, fresh: boolean): Promise<void> {
    const service = this.#newService(state.key, state.front);
    if (!fresh) service.hold(true);
    service.restore(state, fresh);
    await this.#openRestored(state);
  }

  /** Opens what is not open yet. */
  async #openRestored(state: ServiceState): Promise<void> {
    if (!this.#services.has(state.key)) return;
    try {
      await this.#openListeners(state.key, state.front, state.pinnedPorts);
    } catch (thrown) {
      // The engine asks for it again and is told; the other services are not to wait for it.
      this.#options.log(`${state.key}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }

  async #openListeners(
    key: string,
    front: FrontSpec,
    ports: Readonly<Record<'stable' | 'canary', number>>,
  ): Promise<void> {
    await this.#listeners.ensure(key, null, front.host, front.port);
    for (const arm of ['stable', 'canary'] as const) {
      try {
        await this.#listeners.ensure(key, arm, '127.0.0.1', ports[arm]);
      } catch {
        // Somebody else has its former port; any other will do.
        await this.#listeners.ensure(key, arm, '127.0.0.1', 0);
      }
    }
  }

  #portUser(port: number, self: string): string | null {
    for (const service of this.#services.values()) {
      const user = service.portUser(port, self);
      if (user !== null) return user;
    }
    return null;
  }

  #greet(worker: ProxyWorker): void {
    for (const service of this.#services.values()) {
      worker.send({ kind: 'front', key: service.key, front: service.front });
      service.publisher.greet(worker);
    }
  }

  #names(key: string): ServiceNames {
    const name = (arm: 'stable' | 'canary' | null): string => {
      const listener = this.#listeners.of(key, arm);
      if (listener === null) return '';
      return `${listener.host.includes(':') ? `[${listener.host}]` : listener.host}:${listener.port}`;
    };
    return { front: name(null), stable: name('stable'), canary: name('canary') };
  }

  #picture(): readonly KeeperEvent[] {
    return [
      { event: 'hello', version: keeperProtocolVersion, pid: process.pid, bootId: this.#life },
      { event: 'workersChanged', workers: this.#workerInfos() },
      ...[...this.#services.values()].flatMap((service): readonly KeeperEvent[] => [
        { event: 'serviceChanged', key: service.key, names: this.#names(service.key) },
        { event: 'armChanged', key: service.key, status: service.status('stable') },
        { event: 'armChanged', key: service.key, status: service.status('canary') },
      ]),
      { event: 'synced' },
    ];
  }

  #workersChanged(): void {
    this.#control.tell({ event: 'workersChanged', workers: this.#workerInfos() });
    for (const service of this.#services.values()) service.changed();
    void this.#saved();
  }

  #saved(): Promise<void> {
    return this.#closing ? Promise.resolve() : this.#file.save();
  }

  #state(): KeeperState {
    return {
      version: 1,
      bootId: this.#life,
      services: [...this.#services.values()].map((service) =>
        service.state({
          stable: this.#listeners.of(service.key, 'stable')?.port ?? 0,
          canary: this.#listeners.of(service.key, 'canary')?.port ?? 0,
        }),
      ),
      workers: [...this.#orphans, ...this.#pool.records()],
    };
  }

  /** The engine must reach those of an earlier keeper too: what they do with requests is still its to say. */
  #workerInfos(): readonly WorkerInfo[] {
    const orphans = this.#orphans.map(
      ({ id, identity, socketPath }): WorkerInfo => ({
        id,
        pid: identity.pid,
        socketPath,
        state: 'draining',
      }),
    );
    return [...orphans, ...this.#pool.infos()];
  }

  /** Workers of an earlier keeper drain on SIGTERM. Those that do not end are killed. */
  async #endOrphans(): Promise<void> {
    if (this.#orphans.length === 0) return;
    for (const { identity } of this.#orphans) signalProcess(identity, 'SIGTERM');
    const deadlineMs = performance.now() + workerDrainMs + 1_000;
    while (this.#orphans.some(({ identity }) => isAlive(identity)) && performance.now() < deadlineMs)
      await delay(20);
    for (const { identity, socketPath } of this.#orphans) {
      signalProcess(identity, 'SIGKILL');
      rmSync(socketPath, { force: true });
    }
    this.#orphans = [];
    this.#workersChanged();
  }
}

function hasLivingReplica(state: KeeperState): boolean {
  return state.services.some((service) =>
    service.replicas.some((replica) => replica.identity !== null && isAlive(replica.identity)),
  );
}
