import type { Clock } from '../../../../src/kube/clock.ts';

/** The time that a container has to end by itself. It may be shortened while it runs, never drawn out but for the kubelet's own extra. */
export class Grace {
  readonly #clock: Clock;
  readonly #over = new AbortController();
  #deadlineMs: number;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock, graceMs: number) {
    this.#clock = clock;
    this.#deadlineMs = clock.nowMs() + graceMs;
    this.#arm();
  }

  /** Aborted at the end. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  shorten(graceMs: number): void {
    this.#deadlineMs = Math.min(this.#deadlineMs, this.#clock.nowMs() + graceMs);
    this.#arm();
  }

  /** A new one with what is left of this, but not less than `leastMs`: a hook may have used all of it. */
  atLeast(leastMs: number): Grace {
    this.#cancel();
    return new Grace(this.#clock, Math.max(leastMs, this.#deadlineMs - this.#clock.nowMs()));
  }

  end(): void {
    this.#cancel();
  }

  #arm(): void {
    this.#cancel();
    this.#cancel = this.#clock.at(this.#deadlineMs, () => this.#over.abort());
  }
}
