import type { FrontSpec } from '../../../resource/service-spec.ts';
import type { Arm } from '../../../rollout/effect.ts';
import { ArmCounterSet } from './arm-counters.ts';
import { EndpointPool } from './endpoint-pool.ts';
import type { Endpoint, ProxyRoute, WorkerCounters } from './messages.ts';
import { RetryBudget } from './retry-budget.ts';
import type { Watchdog } from './watchdog.ts';

/** Before the keeper has said anything of a service that the engine already knows. */
const defaultFront: FrontSpec = {
  host: '',
  port: 0,
  assignBy: null,
  stickyCookie: null,
  match: [],
  connectTimeoutMs: 2_000,
  responseTimeoutMs: 60_000,
  latencyBounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10],
};

/** All that a worker holds of one service. */
export class Service {
  readonly key: string;
  front: FrontSpec = defaultFront;
  route: ProxyRoute | null = null;
  /** The route above was lowered here, since no engine was heard of. */
  unattended = false;
  readonly retryBudget = new RetryBudget();
  counters: Readonly<Record<Arm, ArmCounterSet>>;
  mirror: ArmCounterSet;
  endpointsVersion = -1;
  readonly #worker: string;
  readonly #watchdog: Watchdog;
  #counterGeneration = 0;
  #countersStartedAtMs = Date.now();
  #pools = new Map<string, EndpointPool>();
  #ready: Readonly<Record<Arm, readonly EndpointPool[]>> = { stable: [], canary: [] };

  constructor(key: string, worker: string, watchdog: Watchdog) {
    this.key = key;
    this.#worker = worker;
    this.#watchdog = watchdog;
    this.counters = this.#newCounters();
    this.mirror = new ArmCounterSet(this.front.latencyBounds);
  }

  setFront(front: FrontSpec): void {
    const sameBounds = front.latencyBounds.join() === this.front.latencyBounds.join();
    this.front = front;
    if (sameBounds) return;
    // Other bounds are another histogram: readers see a worker that started anew.
    this.#counterGeneration += 1;
    const before = this.counters;
    this.counters = this.#newCounters();
    this.#countersStartedAtMs = Date.now();
    for (const arm of ['stable', 'canary'] as const) {
      this.counters[arm].inFlight = before[arm].inFlight;
      this.counters[arm].upgraded = before[arm].upgraded;
    }
    this.mirror = new ArmCounterSet(front.latencyBounds);
  }

  #newCounters(): Readonly<Record<Arm, ArmCounterSet>> {
    const bounds = this.front.latencyBounds;
    return { stable: new ArmCounterSet(bounds), canary: new ArmCounterSet(bounds) };
  }

  setEndpoints(version: number, endpoints: readonly Endpoint[]): void {
    if (version < this.endpointsVersion) return;
    this.endpointsVersion = version;
    const pools = new Map<string, EndpointPool>();
    for (const endpoint of endpoints) {
      const pool = this.#pools.get(endpoint.id) ?? new EndpointPool(endpoint, this.#watchdog);
      pool.endpoint = endpoint;
      if (endpoint.state === 'draining') pool.closeIdle(false);
      pools.set(endpoint.id, pool);
    }
    for (const [id, pool] of this.#pools) if (!pools.has(id)) pool.closeIdle(true);
    this.#pools = pools;
    const ready = [...pools.values()].filter((pool) => pool.endpoint.state === 'ready');
    this.#ready = {
      stable: ready.filter((pool) => pool.endpoint.arm === 'stable'),
      canary: ready.filter((pool) => pool.endpoint.arm === 'canary'),
    };
  }

  get pools(): Iterable<EndpointPool> {
    return this.#pools.values();
  }

  /**
   * The better of two random endpoints by what is in flight. `evenOut`: one whose circuit is open is better than none,
   * since there is nowhere else to go.
   */
  pick(arm: Arm, nowMs: number, evenOut: boolean, except: EndpointPool | null): EndpointPool | null {
    const ready = this.#ready[arm];
    const first = ready[0];
    if (first === undefined) return null;
    if (ready.length === 1) return first !== except && (evenOut || first.isIn(nowMs)) ? first : null;
    const fit = ready.filter((pool) => pool !== except && pool.isIn(nowMs));
    const from = fit.length > 0 ? fit : evenOut ? ready.filter((pool) => pool !== except) : [];
    const one = from[Math.floor(Math.random() * from.length)];
    const other = from[Math.floor(Math.random() * from.length)];
    if (one === undefined || other === undefined) return null;
    return other.inFlight < one.inFlight ? other : one;
  }

  snapshot(): WorkerCounters {
    return {
      worker: this.#counterGeneration === 0 ? this.#worker : `${this.#worker}/${this.#counterGeneration}`,
      atMs: Date.now(),
      startedAtMs: this.#countersStartedAtMs,
      arms: { stable: this.counters.stable.snapshot(), canary: this.counters.canary.snapshot() },
      mirror: this.mirror.snapshot(),
    };
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.closeIdle(true);
    this.#pools.clear();
    this.#ready = { stable: [], canary: [] };
  }
}
