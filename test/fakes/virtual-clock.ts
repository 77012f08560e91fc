import type { Clock } from '../../src/engine/ports.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  task: (() => void) | null;
}

/** Time that moves only when told: timers run in order of their instant, then of their making. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #heap: Timer[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** The same hand: a test that sets the wall clock overrides it. */
  wallMs(): number {
    return this.#nowMs;
  }

  at(instantMs: number, task: () => void): () => void {
    this.#order += 1;
    const timer: Timer = { atMs: Math.max(instantMs, this.#nowMs), order: this.#order, task };
    this.#push(timer);
    return () => {
      timer.task = null;
    };
  }

  /** Instant of the next timer; null if there is none. */
  get nextMs(): number | null {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.task !== null) return first.atMs;
      this.#pop();
    }
    return null;
  }

  /** Runs the next timer and everything that follows from it without time passing. False: there is no timer. */
  async step(): Promise<boolean> {
    const nextMs = this.nextMs;
    if (nextMs === null) return false;
    const timer = this.#pop();
    this.#nowMs = Math.max(this.#nowMs, nextMs);
    timer?.task?.();
    await settled();
    return true;
  }

  /** Runs all timers up to the instant and stops there. */
  async runUntil(instantMs: number): Promise<void> {
    await settled();
    for (let next = this.nextMs; next !== null && next <= instantMs; next = this.nextMs) await this.step();
    this.#nowMs = Math.max(this.#nowMs, instantMs);
  }

  async runFor(durationMs: number): Promise<void> {
    await this.runUntil(this.#nowMs + durationMs);
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (parent === undefined || !isBefore(timer, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      const left = heap[childAt];
      const right = heap[childAt + 1];
      if (left === undefined) break;
      let child = left;
      if (right !== undefined && isBefore(right, left)) {
        childAt += 1;
        child = right;
      }
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Resolves when no promise has anything left to do: the event loop reaches its next phase only then. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
