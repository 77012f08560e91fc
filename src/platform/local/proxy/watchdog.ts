/** Something that must not last for ever. `deadlineMs` is on the clock of `performance.now()`; Infinity = no limit now. */
export interface Watched {
  deadlineMs: number;
  expire(nowMs: number): void;
}

const beatMs = 100;

/**
 * One timer for the deadlines of all connections: setting one is writing a number, which matters at tens of thousands of
 * requests a second. A deadline is met up to one beat late.
 */
export class Watchdog {
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;

  add(watched: Watched): void {
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#beat(), beatMs).unref();
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #beat(): void {
    const now = performance.now();
    for (const watched of this.#watched) {
      if (watched.deadlineMs > now) continue;
      watched.deadlineMs = Number.POSITIVE_INFINITY;
      watched.expire(now);
    }
  }
}
