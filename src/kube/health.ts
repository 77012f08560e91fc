import type { Clock } from './clock.ts';

/** What a probe is answered. `failed` names what is wrong, for the log of the kubelet. */
export interface HealthAnswer {
  readonly ok: boolean;
  readonly failed: readonly string[];
}

/** An informer, as far as its health goes. */
export interface WatchedCache {
  readonly resource: { readonly plural: string };
  readonly synced: boolean;
  readonly lastSignMs: number;
}

/** Above it the process is of no use: leases run out in 10 s. */
const maxLagMs = 5000;
/** A watch is silent for 2 minutes at most, and a failed one waits 30 s. A loop that gave no sign for so long has stopped. */
const maxSilenceMs = 300_000;
const beatMs = 500;
/** The worst lag counts for so long. */
const rememberMs = 30_000;

/**
 * `/healthz`: whether a restart would help. That is so when the event loop is held up, or when a watch loop does not turn any more; an API
 * server that is away is no reason. `/readyz`: whether the caches have been filled, until the shutdown begins. Who leads is no matter of
 * either: all replicas are ready.
 */
export class Health {
  readonly #clock: Clock;
  readonly #caches: readonly WatchedCache[];
  #lags: readonly { readonly atMs: number; readonly lagMs: number }[] = [];
  #isStopping = false;
  #cancel = (): void => {};

  constructor(clock: Clock, caches: readonly WatchedCache[]) {
    this.#clock = clock;
    this.#caches = caches;
  }

  /** Measures the event loop until `stop`. */
  start(): void {
    const dueMs = this.#clock.nowMs() + beatMs;
    this.#cancel = this.#clock.at(dueMs, () => {
      const nowMs = this.#clock.nowMs();
      const recent = this.#lags.filter(({ atMs }) => nowMs - atMs < rememberMs);
      this.#lags = [...recent, { atMs: nowMs, lagMs: nowMs - dueMs }];
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  /** From now on not ready. */
  shutDown(): void {
    this.#isStopping = true;
  }

  /** The worst of the last half minute. */
  get eventLoopLagMs(): number {
    return Math.max(0, ...this.#lags.map(({ lagMs }) => lagMs));
  }

  healthz(): HealthAnswer {
    const nowMs = this.#clock.nowMs();
    const lagMs = this.eventLoopLagMs;
    const failed = this.#caches
      .filter(({ lastSignMs }) => nowMs - lastSignMs > maxSilenceMs)
      .map(
        ({ resource, lastSignMs }) =>
          `watch of ${resource.plural}: no sign for ${seconds(nowMs - lastSignMs)}`,
      );
    if (lagMs > maxLagMs) failed.unshift(`event loop: held up for ${seconds(lagMs)}`);
    return { ok: failed.length === 0, failed };
  }

  readyz(): HealthAnswer {
    const failed = this.#caches
      .filter(({ synced }) => !synced)
      .map(({ resource }) => `${resource.plural}: not listed yet`);
    if (this.#isStopping) failed.unshift('shutting down');
    return { ok: failed.length === 0, failed };
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
