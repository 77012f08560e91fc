import type { Clock, Random } from './clock.ts';

export interface BackoffPolicy {
  readonly baseMs: number;
  /** No delay is longer, jitter included. */
  readonly maxMs: number;
  readonly factor: number;
  /** A delay is up to `1 + jitter` times its undisturbed length. */
  readonly jitter: number;
  /** So long without a failure: the next one is the first again. */
  readonly healthyMs: number;
}

/** client-go's reflector: 0.8 s, doubled up to 30 s, forgotten after 2 minutes. */
export const reconnectBackoff: BackoffPolicy = {
  baseMs: 800,
  maxMs: 30_000,
  factor: 2,
  jitter: 1,
  healthyMs: 120_000,
};

/**
 * Delay before the try after failure number `attempt`, counted from 0. As `wait.Backoff`, except that the longest delay holds with its
 * jitter (client-go waits up to 60 s where it says 30), by ending the growth at `maxMs / (1 + jitter)`: the delays stay spread at the end.
 */
export function backoffMs(attempt: number, random: number, policy: BackoffPolicy): number {
  const { baseMs, maxMs, factor, jitter } = policy;
  const undisturbedMs = Math.min(baseMs * factor ** attempt, maxMs / (1 + jitter));
  return undisturbedMs * (1 + jitter * random);
}

/** Counts failures, and forgets them after a healthy while. */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #policy: BackoffPolicy;
  #attempt = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, random: Random, policy: BackoffPolicy = reconnectBackoff) {
    this.#clock = clock;
    this.#random = random;
    this.#policy = policy;
  }

  /** Whether the next failure is the first one, or the first in a healthy while. */
  get rested(): boolean {
    return this.#attempt === 0 || this.#clock.nowMs() - this.#retryAtMs >= this.#policy.healthyMs;
  }

  /** Notes a failure; how long to wait for the next try. */
  failed(): number {
    if (this.rested) this.#attempt = 0;
    const delayMs = backoffMs(this.#attempt, this.#random(), this.#policy);
    this.#attempt += 1;
    this.#retryAtMs = this.#clock.nowMs() + delayMs;
    return delayMs;
  }
}
