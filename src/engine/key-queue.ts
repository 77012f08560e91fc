import { type Backoff, backoffMs } from './backoff.ts';
import type { Clock, Random } from './ports.ts';

export interface KeyQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Keys worked on at once. */
  readonly concurrency: number;
  /** Between failed runs of one key. */
  readonly backoff: Backoff;
  /** One run for a key. A rejection is a failed run: the key runs again after the back-off. */
  readonly run: (key: string) => Promise<void>;
  readonly onError: (key: string, thrown: unknown) => void;
}

/**
 * The normal lane: a work queue with the semantics of client-go's. A key never runs twice at once; one that is added while
 * it runs, runs once more; of several instants the earliest counts. Level-triggered: a run looks at everything, so it
 * settles whatever was asked for the key before it began.
 */
export class KeyQueue {
  readonly #options: KeyQueueOptions;
  readonly #waiting: string[] = [];
  readonly #dirty = new Set<string>();
  readonly #running = new Set<string>();
  readonly #timers = new Map<string, { readonly atMs: number; readonly cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  #stopped = false;

  constructor(options: KeyQueueOptions) {
    this.#options = options;
  }

  /** As soon as a place is free. */
  add(key: string): void {
    if (this.#stopped || this.#dirty.has(key)) return;
    this.#dirty.add(key);
    if (this.#running.has(key)) return;
    this.#waiting.push(key);
    this.#fill();
  }

  /** At the instant, unless the key is to run earlier anyway. */
  addAt(key: string, atMs: number): void {
    if (this.#stopped || this.#dirty.has(key)) return;
    const known = this.#timers.get(key);
    if (known !== undefined && known.atMs <= atMs) return;
    known?.cancel();
    const cancel = this.#options.clock.at(atMs, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { atMs, cancel });
  }

  /** Drops what is planned for the key. A run under way ends as it does. */
  forget(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    this.#dirty.delete(key);
    this.#failures.delete(key);
    const at = this.#waiting.indexOf(key);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#waiting.length = 0;
  }

  /** Keys that wait, run and have a timer: an idle service is in none of them. */
  get load(): { readonly waiting: number; readonly running: number; readonly timers: number } {
    return { waiting: this.#waiting.length, running: this.#running.size, timers: this.#timers.size };
  }

  #fill(): void {
    while (!this.#stopped && this.#running.size < this.#options.concurrency) {
      const key = this.#waiting.shift();
      if (key === undefined) return;
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    this.#running.add(key);
    this.#dirty.delete(key);
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    let retryAtMs: number | null = null;
    try {
      await this.#options.run(key);
      this.#failures.delete(key);
    } catch (thrown) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      retryAtMs =
        this.#options.clock.nowMs() + backoffMs(this.#options.backoff, failures, this.#options.random.next());
      this.#options.onError(key, thrown);
    }
    this.#running.delete(key);
    if (this.#dirty.has(key)) this.#waiting.push(key);
    else if (retryAtMs !== null) this.addAt(key, retryAtMs);
    this.#fill();
  }
}
