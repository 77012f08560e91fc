import type {
  PlatformEffect,
  Platform,
  PlatformObservation,
  ServiceKey,
  Snapshot,
} from '../../engine/ports.ts';
import type { ProcessTemplate, ServiceSpec } from '../../resource/service-spec.ts';
import type { RolloutIdentity } from '../../rollout/decide.ts';
import type { Arm } from '../../rollout/effect.ts';
import type { ArmObservation } from '../../rollout/observation.ts';
import { SluiceError } from '../../lib/error.ts';
import { unreachable } from '../../lib/assert.ts';
import { KeeperClient } from './keeper/keeper-client.ts';
import type { ArmSpec, ArmStatus, KeeperEvent, ServiceNames } from './keeper/protocol.ts';
import type { WorkerInfo } from './keeper/worker-info.ts';
import { type GroupUsage, groupUsage } from './process/group-usage.ts';
import { bootId } from './process/identity.ts';
import type { ReplicaStatus } from './process/replica-record.ts';
import { waitAtMost } from './process/stop-process.ts';
import type { WorkerCounters } from './proxy/messages.ts';
import { RouteBoard } from './route-board.ts';
import { routeFor } from './route-content.ts';
import { ServiceTable } from './service-table.ts';

export interface LocalPlatformOptions {
  readonly stateDir: string;
  /** argv of the hidden command that runs a keeper on that directory; null: use only one that runs. */
  readonly keeperCommand: readonly string[] | null;
  /** What does not work at the moment, for the engine's log. */
  readonly onTrouble?: (message: string) => void;
}

/** What a replica uses; `process` is its pid, so that a restart is seen. */
export interface ReplicaUsage extends GroupUsage {
  readonly replica: string;
  readonly arm: Arm;
  readonly process: number;
}

/** How long workers that were there before may take to tell their routes at the start. */
const settleLimitMs = 3_000;
/** How long what is known of processes holds without a keeper that tells of changes. */
const staleAfterMs = 5_000;

/** The platform of one machine: arms through the keeper, routes straight to the proxy workers. */
export class LocalPlatform implements Platform {
  readonly #keeper: KeeperClient;
  readonly #routes: RouteBoard;
  readonly #services = new ServiceTable();
  readonly #listeners = new Set<(key: ServiceKey) => void>();
  readonly #options: LocalPlatformOptions;
  #lostAtMs: number | null = null;
  #bootId = bootId();

  constructor(options: LocalPlatformOptions) {
    this.#options = options;
    this.#keeper = new KeeperClient({
      stateDir: options.stateDir,
      keeperCommand: options.keeperCommand,
      onEvent: (event) => this.#onEvent(event),
      onLost: () => {
        this.#lostAtMs = performance.now();
      },
      ...(options.onTrouble === undefined ? {} : { onTrouble: options.onTrouble }),
    });
    this.#routes = new RouteBoard({
      routed: (worker) => this.#tell(this.#keeper.request({ method: 'workerRouted', worker })),
    });
  }

  /** Of the keeper's applications: it changes when they were all started anew, by a reboot or after `down`. */
  get bootId(): string {
    return this.#bootId;
  }

  /** Starts a keeper where none runs, and reads what there is. Errors: `keeper-unreachable`. */
  async start(): Promise<void> {
    await this.#keeper.connect();
    await waitAtMost(this.#routes.settled(), settleLimitMs);
  }

  /** Leaves keeper, proxy and applications running. */
  close(): void {
    this.#keeper.close();
    this.#routes.close();
  }

  /** Workers drain, applications stop, the keeper ends; resolves after that. */
  async shutdown(): Promise<void> {
    await this.#keeper.request({ method: 'shutdown' });
    this.close();
  }

  /** New proxy workers take over from the old ones, which finish what they have. */
  async reloadWorkers(): Promise<void> {
    await this.#keeper.request({ method: 'reloadWorkers' });
  }

  async observe(key: ServiceKey): Promise<PlatformObservation> {
    if (this.#lostAtMs !== null && performance.now() - this.#lostAtMs > staleAfterMs) {
      throw new SluiceError({
        code: 'keeper-unreachable',
        message: 'the keeper has not answered for a while',
      });
    }
    const [route, counters] = await Promise.all([this.#routes.observe(key), this.#countersIfUsed(key)]);
    return {
      stable: observeArm(this.#services.status(key, 'stable'), inFlight(counters, 'stable')),
      canary: observeArm(this.#services.status(key, 'canary'), inFlight(counters, 'canary')),
      route,
    };
  }

  async ensureService(key: ServiceKey, spec: ServiceSpec): Promise<void> {
    if (!this.#services.want(key, spec.front)) return;
    const names = await this.#keeper.request({ method: 'ensureService', key, front: spec.front });
    this.#services.made(key, spec.front, names as ServiceNames);
  }

  ensureSnapshot(key: ServiceKey, snapshot: Snapshot): Promise<void> {
    // Read from a user's document and checked there; only this platform's own templates come here.
    this.#services.addTemplate(key, snapshot.revision, snapshot.template as ProcessTemplate);
    return Promise.resolve();
  }

  async act(key: ServiceKey, effect: PlatformEffect, identity: RolloutIdentity | null): Promise<void> {
    switch (effect.kind) {
      case 'setRoute':
        if (effect.route.tombstone && identity !== null) return this.lowerToZero(key, identity);
        return this.#routes.write(
          key,
          routeFor(effect.route, {
            epoch: this.#routes.nextEpoch(),
            rollout: identity?.uid ?? '',
            stickyCookie: (this.#services.front(key)?.stickyCookie ?? null) !== null,
            stableServes: this.#stableServes(key),
          }),
        );
      case 'setArm':
        return this.#setArm(key, effect);
      case 'closeStreams':
        await Promise.all(this.#routes.links().map((link) => link.closeStreams(key, effect.arm)));
        return;
      case 'setFloor':
        await this.#keeper.request({ method: 'setFloor', key, replicas: effect.replicas });
        return;
      default:
        unreachable(effect);
    }
  }

  lowerToZero(key: ServiceKey, identity: RolloutIdentity): Promise<void> {
    return this.#routes.lowerToZero(key, identity.uid);
  }

  async removeService(key: ServiceKey): Promise<void> {
    this.#services.forget(key);
    this.#routes.forget(key);
    await this.#keeper.request({ method: 'removeService', key });
  }

  watch(listener: (key: ServiceKey) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Where names lead, as `host:port`: `<service>`, `<service>-primary` and `<service>-canary`, each also with `.<namespace>`.
   * The latter two reach one arm alone, whatever the weight is.
   */
  names(): Readonly<Record<string, string>> {
    return this.#services.names();
  }

  /** Of every worker that answers; their sums are the service's. */
  async counters(key: ServiceKey): Promise<readonly WorkerCounters[]> {
    const answers = await Promise.allSettled(this.#routes.links().map((link) => link.counters(key)));
    return answers.flatMap((answer) =>
      answer.status === 'fulfilled' && answer.value !== null ? [answer.value] : [],
    );
  }

  /** All replicas of a service that exist, with pid, port and log file. */
  replicas(key: ServiceKey): readonly ReplicaStatus[] {
    return (['stable', 'canary'] as const).flatMap((arm) => this.#services.status(key, arm)?.list ?? []);
  }

  /** Memory and processor time of all replicas that are ready, as far as they can be read. */
  async usage(key: ServiceKey): Promise<readonly ReplicaUsage[]> {
    const ready = this.replicas(key).filter((replica) => replica.ready && replica.phase === 'running');
    const groups = await groupUsage(ready.flatMap(({ pid }) => pid ?? []));
    return ready.flatMap(({ id, arm, pid }) => {
      const usage = pid === null ? undefined : groups.get(pid);
      return pid === null || usage === undefined ? [] : [{ replica: id, arm, process: pid, ...usage }];
    });
  }

  workers(): readonly WorkerInfo[] {
    return this.#services.workers;
  }

  #stableServes(key: ServiceKey): boolean {
    const stable = this.#services.status(key, 'stable');
    return stable !== null && stable.ready + stable.readyOfOtherRevisions > 0;
  }

  async #setArm(
    key: ServiceKey,
    effect: Extract<PlatformEffect, { readonly kind: 'setArm' }>,
  ): Promise<void> {
    const { arm, revision, replicas, roll } = effect;
    const template = this.#services.template(key, revision);
    if (template === null) {
      throw new SluiceError({
        code: 'internal',
        message: `the template of revision ${revision} of ${key} was never handed over`,
      });
    }
    const spec: ArmSpec = { key, arm, revision, replicas, roll, template };
    this.#services.setWantedArm(spec);
    await this.#keeper.request({ method: 'setArm', ...spec });
  }

  async #countersIfUsed(key: ServiceKey): Promise<readonly WorkerCounters[] | null> {
    const workers = this.#routes.links().length;
    if (workers === 0 || this.replicas(key).length === 0) return [];
    const counters = await this.counters(key);
    return counters.length === workers ? counters : null;
  }

  #onEvent(event: KeeperEvent): void {
    if (event.event === 'hello') {
      this.#lostAtMs = null;
      this.#bootId = event.bootId;
    }
    if (event.event === 'workersChanged') {
      this.#routes.setWorkers(event.workers);
      for (const key of this.#routes.activeKeys()) this.#changed(key);
    }
    this.#services.onEvent(event);
    if (event.event === 'synced') this.#restoreMissing();
    if ('key' in event) this.#changed(event.key);
  }

  /** A keeper that lost its file knows nothing of what was asked of its predecessor. */
  #restoreMissing(): void {
    for (const { key, front, arms } of this.#services.missing()) {
      this.#tell(this.#keeper.request({ method: 'ensureService', key, front }));
      for (const spec of arms) this.#tell(this.#keeper.request({ method: 'setArm', ...spec }));
    }
  }

  #changed(key: ServiceKey): void {
    for (const listener of this.#listeners) listener(key);
  }

  #tell(request: Promise<unknown>): void {
    request.catch((error: unknown) =>
      this.#options.onTrouble?.(error instanceof Error ? error.message : String(error)),
    );
  }
}

function observeArm(status: ArmStatus | null, inFlightNow: number | null): ArmObservation {
  return {
    revision: status?.revision ?? null,
    replicas: status?.replicas ?? 0,
    ready: status?.ready ?? 0,
    available: status?.available ?? 0,
    readyOfOtherRevisions: status?.readyOfOtherRevisions ?? 0,
    inFlight: inFlightNow,
    restarts: status?.restarts ?? 0,
    failure: status?.failure ?? null,
    floor: status?.floor ?? 0,
  };
}

/** null: not every worker told. */
function inFlight(counters: readonly WorkerCounters[] | null, arm: Arm): number | null {
  if (counters === null) return null;
  return counters.reduce((sum, worker) => sum + worker.arms[arm].inFlight + worker.arms[arm].upgraded, 0);
}
