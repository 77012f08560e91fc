import { type Clock, systemClock } from '../clock.ts';

/** Real time, which a test can move forward: for real sockets, where nobody knows when the next byte comes. */
export class JumpingClock implements Clock {
  readonly #real = systemClock();
  readonly #timers = new Map<() => void, { readonly instantMs: number; cancel: () => void }>();
  #aheadMs = 0;

  nowMs(): number {
    return this.#real.nowMs() + this.#aheadMs;
  }

  wallMs(): number {
    return this.#real.wallMs() + this.#aheadMs;
  }

  at(instantMs: number, task: () => void): () => void {
    const fire = (): void => {
      this.#timers.delete(fire);
      task();
    };
    this.#timers.set(fire, { instantMs, cancel: this.#real.at(instantMs - this.#aheadMs, fire) });
    return () => {
      this.#timers.get(fire)?.cancel();
      this.#timers.delete(fire);
    };
  }

  /** Runs what is due by then, in order. */
  forward(byMs: number): void {
    this.#aheadMs += byMs;
    const timers = [...this.#timers].toSorted(([, a], [, b]) => a.instantMs - b.instantMs);
    for (const [fire, { cancel, instantMs }] of timers) {
      if (!this.#timers.has(fire)) continue;
      cancel();
      if (instantMs <= this.nowMs()) fire();
      else this.#timers.set(fire, { instantMs, cancel: this.#real.at(instantMs - this.#aheadMs, fire) });
    }
  }

  get pending(): number {
    return this.#timers.size;
  }
}
