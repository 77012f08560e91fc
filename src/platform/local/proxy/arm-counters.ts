import type { ArmCounters } from './messages.ts';

/** How a request ended, for the counters: a status, or the lack of one. */
export type Ending = number | 'failed' | 'clientGone';

/** The counters of one arm; they only rise, but for the two gauges `inFlight` and `upgraded`. */
export class ArmCounterSet {
  inFlight = 0;
  upgraded = 0;
  retries = 0;
  readonly #bounds: readonly number[];
  #requests = 0;
  /** 1xx to 5xx. */
  readonly #byClass = [0, 0, 0, 0, 0];
  #failed = 0;
  #clientGone = 0;
  /** Requests within bound i and above bound i - 1. */
  readonly #buckets: number[];
  #sumSeconds = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#buckets = bounds.map(() => 0);
  }

  count(ending: Ending, seconds: number): void {
    this.#requests += 1;
    if (ending === 'failed') this.#failed += 1;
    else if (ending === 'clientGone') this.#clientGone += 1;
    else this.#byClass[Math.floor(ending / 100) - 1] = (this.#byClass[Math.floor(ending / 100) - 1] ?? 0) + 1;
    this.#sumSeconds += seconds;
    const bounds = this.#bounds;
    for (let i = 0; i < bounds.length; i += 1) {
      if (seconds > (bounds[i] ?? 0)) continue;
      this.#buckets[i] = (this.#buckets[i] ?? 0) + 1;
      return;
    }
  }

  snapshot(): ArmCounters {
    const [c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0] = this.#byClass;
    let total = 0;
    const cumulative = this.#buckets.map((count) => {
      total += count;
      return total;
    });
    return {
      requests: this.#requests,
      classes: {
        '1xx': c1,
        '2xx': c2,
        '3xx': c3,
        '4xx': c4,
        '5xx': c5,
        failed: this.#failed,
        clientGone: this.#clientGone,
      },
      errors: c5 + this.#failed,
      inFlight: this.inFlight,
      upgraded: this.upgraded,
      retries: this.retries,
      latency: { bounds: this.#bounds, cumulative, sum: this.#sumSeconds },
    };
  }
}
