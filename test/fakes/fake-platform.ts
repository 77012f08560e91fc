import type {
  Clock,
  Platform,
  PlatformEffect,
  PlatformObservation,
  ServiceKey,
  Snapshot,
} from '../../src/engine/ports.ts';
import { SluiceError } from '../../src/lib/error.ts';
import type { ServiceSpec } from '../../src/resource/service-spec.ts';
import type { RolloutIdentity } from '../../src/rollout/decide.ts';
import type { Routing } from '../../src/rollout/plan.ts';
import { FakeArm, type WorkloadBehaviour } from './fake-arm.ts';
import { FakeDataPlane, type WrittenRoute } from './fake-data-plane.ts';

/** What happens to one call. `lost`: done, but the caller hears of a failure; `late`: done after a while, the caller having heard of a failure. */
export type CallFault = 'none' | 'error' | 'hang' | 'lost' | 'late';
export type PlatformCall = 'observe' | 'act' | 'lowerToZero' | 'ensure';

const lateMs = 20_000;

export interface FakeService {
  readonly stable: FakeArm;
  readonly canary: FakeArm;
  readonly plane: FakeDataPlane;
  readonly snapshots: Map<string, Snapshot>;
  /** Of the latest `setArm` that was sent: one that arrives after a later one is void. */
  readonly armEpochs: { stable: number; canary: number };
  /** Last observation that was handed out. */
  told: PlatformObservation | null;
  /** Since when no worker sends anything to the canary; null: one does. */
  zeroSinceMs: number | null;
}

/** Told of everything before it happens; what checks the world's history hangs here. */
export interface PlatformWitness {
  act(key: ServiceKey, service: FakeService, effect: PlatformEffect, identity: RolloutIdentity | null): void;
  lower(key: ServiceKey, service: FakeService, identity: RolloutIdentity): void;
  applied(key: ServiceKey, worker: number, before: Routing, after: WrittenRoute): void;
  removed(key: ServiceKey, service: FakeService): void;
}

const healthy: WorkloadBehaviour = { startMs: 1_000, failure: null };

/** A platform in virtual time: workloads, a data plane of two workers, and faults on demand. */
export class FakePlatform implements Platform {
  bootId = 'boot-1';
  readonly services = new Map<ServiceKey, FakeService>();
  behaviourOf: (revision: string) => WorkloadBehaviour = () => healthy;
  faultOf: (call: PlatformCall) => CallFault = () => 'none';
  /** Apply time of a worker for a write made now. */
  applyMs: (worker: number) => number = () => 0;
  /** A notice of `watch` gets lost. */
  losesNotice: () => boolean = () => false;
  /** Requests in flight that are left when the weight has gone to 0, and how long one lasts. */
  leftInFlight: () => { readonly requests: number; readonly eachMs: number } = () => ({
    requests: 0,
    eachMs: 0,
  });
  witness: PlatformWitness | null = null;
  readonly #clock: Clock;
  readonly #listeners = new Set<(key: ServiceKey) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async observe(key: ServiceKey): Promise<PlatformObservation> {
    await this.#meet('observe');
    const service = this.#service(key);
    const observation = {
      stable: service.stable.observe(),
      canary: service.canary.observe(),
      route: service.plane.observe(),
    };
    service.told = observation;
    return observation;
  }

  async ensureService(key: ServiceKey, _spec: ServiceSpec): Promise<void> {
    await this.#meet('ensure');
    if (!this.services.has(key)) this.services.set(key, this.#make(key));
  }

  async ensureSnapshot(key: ServiceKey, snapshot: Snapshot): Promise<void> {
    await this.#meet('ensure');
    this.#service(key).snapshots.set(snapshot.revision, snapshot);
  }

  async act(key: ServiceKey, effect: PlatformEffect, identity: RolloutIdentity | null): Promise<void> {
    const service = this.#service(key);
    this.witness?.act(key, service, effect, identity);
    const epoch = epochOf(service, effect);
    await this.#do('act', () => this.#apply(service, effect, identity, epoch));
  }

  async lowerToZero(key: ServiceKey, identity: RolloutIdentity): Promise<void> {
    const service = this.#service(key);
    this.witness?.lower(key, service, identity);
    const epoch = service.plane.nextEpoch();
    const routing = { kind: 'weight', weightPercent: 0 } as const;
    await this.#do('lowerToZero', () =>
      service.plane.write({ epoch, routing, rollout: identity.uid, tombstone: identity.uid }),
    );
    await service.plane.inForce();
  }

  async removeService(key: ServiceKey): Promise<void> {
    await this.#meet('ensure');
    const service = this.services.get(key);
    if (service === undefined) return;
    this.witness?.removed(key, service);
    this.services.delete(key);
  }

  watch(listener: (key: ServiceKey) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The machine was started anew: nothing runs, nothing is routed. */
  reboot(bootId: string): void {
    this.bootId = bootId;
    for (const service of this.services.values()) {
      service.plane.forgetAll();
      service.canary.stop();
      service.stable.stop();
      service.snapshots.clear();
    }
  }

  /** A word that something changed, though nothing did. */
  nudge(key: ServiceKey): void {
    for (const listener of this.#listeners) listener(key);
  }

  #make(key: ServiceKey): FakeService {
    const onChange = (): void => this.#notice(key);
    const behaviourOf = (revision: string): WorkloadBehaviour => this.behaviourOf(revision);
    const arm = (): FakeArm => new FakeArm({ clock: this.#clock, behaviourOf, onChange });
    const service: FakeService = {
      stable: arm(),
      canary: arm(),
      plane: new FakeDataPlane({
        clock: this.#clock,
        applyMs: (worker) => this.applyMs(worker),
        onChange,
        onApplied: (worker, before, after) => {
          this.witness?.applied(key, worker, before, after);
          this.#noteShare(service);
        },
      }),
      snapshots: new Map(),
      armEpochs: { stable: 0, canary: 0 },
      told: null,
      zeroSinceMs: this.#clock.nowMs(),
    };
    return service;
  }

  #noteShare(service: FakeService): void {
    if (service.plane.share > 0) {
      service.zeroSinceMs = null;
      service.canary.inFlight = 3;
      return;
    }
    if (service.zeroSinceMs !== null) return;
    service.zeroSinceMs = this.#clock.nowMs();
    const { requests, eachMs } = this.leftInFlight();
    service.canary.inFlight = requests;
    if (requests > 0 && eachMs < Infinity)
      this.#clock.at(this.#clock.nowMs() + eachMs, () => this.#finish(service));
  }

  #finish(service: FakeService): void {
    if (service.zeroSinceMs === null) return;
    service.canary.inFlight = 0;
    for (const [key, candidate] of this.services) if (candidate === service) this.#notice(key);
  }

  #apply(
    service: FakeService,
    effect: PlatformEffect,
    identity: RolloutIdentity | null,
    epoch: number,
  ): void {
    switch (effect.kind) {
      case 'setRoute': {
        const rollout = identity?.uid ?? '';
        return service.plane.write({ epoch, routing: effect.route.routing, rollout, tombstone: null });
      }
      case 'setArm':
        if (!service.snapshots.has(effect.revision)) {
          throw new SluiceError({
            code: 'not-found',
            message: `no template of ${effect.revision} was handed over`,
          });
        }
        if (epoch !== service.armEpochs[effect.arm]) return;
        return service[effect.arm].set(effect.revision, effect.replicas, effect.roll);
      case 'closeStreams':
        service[effect.arm].inFlight = 0;
        return;
      case 'setFloor':
        service.stable.floor = effect.replicas;
        return;
    }
  }

  async #do(call: PlatformCall, work: () => void): Promise<void> {
    const fault = this.faultOf(call);
    if (fault === 'error') throw unreachable();
    if (fault === 'hang') return new Promise(() => undefined);
    if (fault === 'late') this.#clock.at(this.#clock.nowMs() + lateMs, () => attempt(work));
    else work();
    if (fault === 'lost' || fault === 'late') throw unreachable();
  }

  async #meet(call: PlatformCall): Promise<void> {
    const fault = this.faultOf(call);
    if (fault === 'hang') return new Promise(() => undefined);
    if (fault !== 'none') throw unreachable();
  }

  #service(key: ServiceKey): FakeService {
    const service = this.services.get(key);
    if (service === undefined)
      throw new SluiceError({ code: 'not-found', message: `the platform knows no ${key}` });
    return service;
  }

  #notice(key: ServiceKey): void {
    if (this.losesNotice()) return;
    for (const listener of this.#listeners) listener(key);
  }
}

/** Writes to one thing are numbered as they are sent, and the later one wins. */
function epochOf(service: FakeService, effect: PlatformEffect): number {
  if (effect.kind === 'setRoute') return service.plane.nextEpoch();
  if (effect.kind === 'setArm') service.armEpochs[effect.arm] += 1;
  return effect.kind === 'setArm' ? service.armEpochs[effect.arm] : 0;
}

function unreachable(): SluiceError {
  return new SluiceError({ code: 'keeper-unreachable', message: 'the platform does not answer' });
}

/** What comes too late may be refused; nobody listens any more. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Refused by a later epoch or a tombstone, as it has to be.
  }
}
