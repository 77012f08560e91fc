import type { Clock } from '../../src/engine/ports.ts';
import { SluiceError } from '../../src/lib/error.ts';
import type { RouteObservation } from '../../src/rollout/observation.ts';
import type { Routing } from '../../src/rollout/plan.ts';
import { userShare } from '../../src/rollout/routing.ts';

/** One whole route as it is written. */
export interface WrittenRoute {
  readonly epoch: number;
  readonly routing: Routing;
  readonly rollout: string;
  readonly tombstone: string | null;
}

const nothing: WrittenRoute = { epoch: 0, routing: { kind: 'none' }, rollout: '', tombstone: null };

export interface FakeDataPlaneOptions {
  readonly clock: Clock;
  /** How long a worker takes to apply what was written; Infinity: it never does. */
  readonly applyMs: (worker: number) => number;
  readonly onChange: () => void;
  /** True history: a worker now routes so. */
  readonly onApplied: (worker: number, before: Routing, after: WrittenRoute) => void;
}

/** The route of one service in several workers, each of which applies in its own time. Older epochs and what a tombstone forbids are refused. */
export class FakeDataPlane {
  asked: WrittenRoute = nothing;
  foreignWriter: string | null = null;
  /** Somebody else has written at some time. */
  wasForeign = false;
  readonly workers: WrittenRoute[] = [nothing, nothing];
  #epoch = 0;
  readonly #options: FakeDataPlaneOptions;
  #waiters: (() => void)[] = [];

  constructor(options: FakeDataPlaneOptions) {
    this.#options = options;
  }

  /** To be taken when a write is sent; the later one wins, whichever arrives first. */
  nextEpoch(): number {
    this.#epoch += 1;
    return this.#epoch;
  }

  write(route: WrittenRoute): void {
    if (route.epoch <= this.asked.epoch)
      throw new SluiceError({ code: 'conflict', message: 'a later route is there' });
    const { tombstone } = this.asked;
    const isForbidden = tombstone !== null && tombstone === route.rollout && userShare(route.routing) > 0;
    if (isForbidden) throw new SluiceError({ code: 'conflict', message: 'the rollout was rolled back' });
    this.foreignWriter = null;
    this.asked = { ...route, tombstone: route.tombstone ?? (tombstone === route.rollout ? tombstone : null) };
    this.#spread();
    this.#options.onChange();
  }

  /** Somebody else writes: a person who pulls the brake, a tool that knows better. */
  writeForeign(routing: Routing, writer: string): void {
    this.foreignWriter = writer;
    this.wasForeign = true;
    this.asked = { ...this.asked, epoch: this.nextEpoch(), routing, rollout: '' };
    this.#spread();
    this.#options.onChange();
  }

  /** Workers that were started anew and know nothing are told again. */
  restartWorker(worker: number): void {
    this.#set(worker, nothing);
    this.#spread();
    this.#options.onChange();
  }

  forgetAll(): void {
    this.asked = { ...nothing, epoch: this.nextEpoch() };
    this.foreignWriter = null;
    for (const worker of this.workers.keys()) this.#set(worker, this.asked);
    this.#options.onChange();
  }

  /** Resolves when every worker routes as was asked last. */
  async inForce(): Promise<void> {
    if (!this.isInForce) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  get isInForce(): boolean {
    return this.workers.every((worker) => worker.epoch === this.asked.epoch);
  }

  /** The largest share of users that any worker sends to the canary, in percent (a match counts as almost nothing). */
  get share(): number {
    return Math.max(...this.workers.map((worker) => userShare(worker.routing)));
  }

  observe(): RouteObservation {
    return {
      routing: this.asked.routing,
      tombstone: this.asked.tombstone,
      inForce: this.isInForce,
      evidence: this.isInForce ? 'programmed' : 'accepted',
      foreignWriter: this.foreignWriter,
    };
  }

  /** Lets workers that hung apply what they lack (the fault ended). */
  heal(): void {
    this.#spread();
  }

  #spread(): void {
    const { clock, applyMs } = this.#options;
    const route = this.asked;
    for (const worker of this.workers.keys()) {
      const afterMs = applyMs(worker);
      if (afterMs === Infinity || this.workers[worker]?.epoch === route.epoch) continue;
      if (afterMs === 0) this.#apply(worker, route);
      else clock.at(clock.nowMs() + afterMs, () => this.#apply(worker, route));
    }
  }

  #apply(worker: number, route: WrittenRoute): void {
    if ((this.workers[worker]?.epoch ?? 0) >= route.epoch) return;
    this.#set(worker, route);
    if (!this.isInForce) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
    this.#options.onChange();
  }

  #set(worker: number, route: WrittenRoute): void {
    const before = this.workers[worker]?.routing ?? { kind: 'none' };
    this.workers[worker] = route;
    this.#options.onApplied(worker, before, route);
  }
}
