import type { EndpointPool } from './endpoint-pool.ts';

const pauseMs = 50;

/** Tells the keeper what is in flight at draining endpoints: when it changes, at most every 50 ms. */
export class InFlightReporter {
  readonly #pools: () => Iterable<EndpointPool>;
  readonly #send: (counts: Readonly<Record<string, number>>) => void;
  #scheduled = false;
  #sentAtMs = Number.NEGATIVE_INFINITY;

  constructor(pools: () => Iterable<EndpointPool>, send: (counts: Readonly<Record<string, number>>) => void) {
    this.#pools = pools;
    this.#send = send;
  }

  /** Something changed at this endpoint. */
  changed(pool: EndpointPool): void {
    if (pool.endpoint.state === 'draining') this.schedule();
  }

  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => this.#report(), Math.max(0, this.#sentAtMs + pauseMs - performance.now()));
  }

  #report(): void {
    this.#scheduled = false;
    this.#sentAtMs = performance.now();
    const counts: Record<string, number> = {};
    let any = false;
    for (const pool of this.#pools()) {
      if (pool.endpoint.state !== 'draining') continue;
      counts[pool.endpoint.id] = pool.inFlight + pool.upgraded;
      any = true;
    }
    if (any) this.#send(counts);
  }
}
