import { backoffMs, type BackoffPolicy } from './backoff.ts';
import type { Clock } from './clock.ts';
import { Heap } from './heap.ts';
import { TokenBucket } from './token-bucket.ts';

/** Higher runs first. `low` is for what nobody waits for: first lists and resyncs (controller-runtime's -100). */
export const priorities = { low: -100, normal: 0, high: 100 } as const;

export interface Taken {
  readonly key: string;
  readonly priority: number;
}

export interface QueueObserver {
  added(): void;
  /** `waitedMs` since it was to be run. */
  taken(waitedMs: number): void;
  done(ranMs: number): void;
  retried(): void;
}

/** client-go's item limiter: 5 ms, doubled up to 1000 s. Without jitter: keys fail one by one. */
const retryPolicy: BackoffPolicy = { baseMs: 5, maxMs: 1_000_000, factor: 2, jitter: 0, healthyMs: 0 };
const retriesPerSecond = 10;
const retryBurst = 100;

interface Waiting {
  readonly key: string;
  readonly order: number;
  readonly sinceMs: number;
  priority: number;
  /** Its key has been put in anew with a higher priority. */
  stale: boolean;
}

interface Delayed {
  readonly key: string;
  readonly atMs: number;
  priority: number;
  stale: boolean;
}

/**
 * Keys to work on, as client-go's queue has them: a key never runs twice at once; one that is added while it runs, runs once more; added
 * many times before it runs, it runs once. Later keys keep the earliest of their instants. As in controller-runtime's priority queue, and
 * unlike client-go, a key that is added for now is no longer waited for: its next run says when it wants to run again.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #observer: QueueObserver | undefined;
  readonly #retryBucket: TokenBucket;
  readonly #failures = new Map<string, number>();
  /** To be run; where the key is running, not in `#ready` yet. */
  readonly #dirty = new Map<string, Waiting>();
  readonly #ready = new Heap<Waiting>(
    (a, b) => a.priority > b.priority || (a.priority === b.priority && a.order < b.order),
  );
  readonly #processing = new Map<string, number>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #delays = new Heap<Delayed>((a, b) => a.atMs < b.atMs);
  readonly #takers: ((taken: Taken | null) => void)[] = [];
  readonly #drainers: (() => void)[] = [];
  #order = 0;
  #alarm: { readonly atMs: number; readonly cancel: () => void } | null = null;
  #open = true;

  constructor(clock: Clock, observer?: QueueObserver) {
    this.#clock = clock;
    this.#observer = observer;
    this.#retryBucket = new TokenBucket(retriesPerSecond, retryBurst, clock.nowMs());
  }

  /** Keys that are to be run now; those that run again after their present run are among them. */
  get depth(): number {
    return this.#dirty.size;
  }

  /** Keys that wait for their instant. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** How long each key has been running. */
  runningMs(): readonly number[] {
    const nowMs = this.#clock.nowMs();
    return [...this.#processing.values()].map((startedMs) => nowMs - startedMs);
  }

  add(key: string, priority: number = priorities.normal): void {
    if (!this.#open) return;
    const later = this.#delayed.get(key);
    if (later !== undefined) this.#forgetDelay(later);
    const wanted = Math.max(priority, later?.priority ?? priority);
    const present = this.#dirty.get(key);
    if (present === undefined) {
      this.#observer?.added();
      this.#enter({
        key,
        order: (this.#order += 1),
        sinceMs: this.#clock.nowMs(),
        priority: wanted,
        stale: false,
      });
    } else if (wanted > present.priority) {
      present.stale = true;
      this.#enter({ ...present, priority: wanted, stale: false });
    }
    this.#handOut();
  }

  /** A second delay of the same key keeps the earlier instant and the higher priority. */
  addAfter(key: string, delayMs: number, priority: number = priorities.normal): void {
    if (!this.#open) return;
    if (delayMs <= 0) {
      this.add(key, priority);
      return;
    }
    const atMs = this.#clock.nowMs() + delayMs;
    const present = this.#delayed.get(key);
    if (present !== undefined && present.atMs <= atMs) {
      present.priority = Math.max(present.priority, priority);
      return;
    }
    if (present !== undefined) this.#forgetDelay(present);
    const delayed = { key, atMs, priority: Math.max(priority, present?.priority ?? priority), stale: false };
    this.#delayed.set(key, delayed);
    this.#delays.push(delayed);
    this.#setAlarm();
  }

  /** After a failure: later the more often it failed, and with all failing keys together not above 10 a second. */
  addRateLimited(key: string, priority: number = priorities.normal, atLeastMs = 0): void {
    if (!this.#open) return;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#observer?.retried();
    const bucketMs = this.#retryBucket.reserve(this.#clock.nowMs());
    this.addAfter(key, Math.max(backoffMs(failures, 0, retryPolicy), bucketMs, atLeastMs), priority);
  }

  /** The key went well: its next failure is its first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, once there is one; null after the shutdown. `done` must follow. */
  take(): Promise<Taken | null> {
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#handOut();
    });
  }

  done(key: string): void {
    const startedMs = this.#processing.get(key);
    if (startedMs === undefined) return;
    this.#processing.delete(key);
    this.#observer?.done(this.#clock.nowMs() - startedMs);
    const again = this.#dirty.get(key);
    if (again !== undefined) this.#ready.push(again);
    this.#handOut();
  }

  /**
   * Takes no key any more. With `drain` those that are to be run now are still handed out, as by client-go; without, they are dropped:
   * the next process lists everything anyway. Resolves when nothing runs any more.
   */
  shutDown({ drain }: { readonly drain: boolean }): Promise<void> {
    this.#open = false;
    this.#alarm?.cancel();
    this.#alarm = null;
    this.#delayed.clear();
    this.#delays.clear();
    if (!drain) {
      this.#dirty.clear();
      this.#ready.clear();
    }
    return new Promise((resolve) => {
      this.#drainers.push(resolve);
      this.#handOut();
    });
  }

  #enter(waiting: Waiting): void {
    this.#dirty.set(waiting.key, waiting);
    if (!this.#processing.has(waiting.key)) this.#ready.push(waiting);
  }

  #handOut(): void {
    while (this.#takers.length > 0) {
      const next = this.#ready.pop();
      if (next === undefined) break;
      if (next.stale) continue;
      const { key, priority, sinceMs } = next;
      const nowMs = this.#clock.nowMs();
      this.#dirty.delete(key);
      this.#processing.set(key, nowMs);
      this.#observer?.taken(nowMs - sinceMs);
      this.#takers.shift()?.({ key, priority });
    }
    if (this.#open) return;
    for (const taker of this.#takers.splice(0)) taker(null);
    if (this.#processing.size > 0 || this.#dirty.size > 0) return;
    for (const drained of this.#drainers.splice(0)) drained();
  }

  #forgetDelay(delayed: Delayed): void {
    delayed.stale = true;
    this.#delayed.delete(delayed.key);
  }

  #setAlarm(): void {
    while (this.#delays.first?.stale === true) this.#delays.pop();
    const atMs = this.#delays.first?.atMs;
    if (atMs === undefined || (this.#alarm !== null && this.#alarm.atMs <= atMs)) return;
    this.#alarm?.cancel();
    this.#alarm = { atMs, cancel: this.#clock.at(atMs, () => this.#ring()) };
  }

  #ring(): void {
    this.#alarm = null;
    const nowMs = this.#clock.nowMs();
    for (let due = this.#delays.first; due !== undefined && due.atMs <= nowMs; due = this.#delays.first) {
      this.#delays.pop();
      if (!due.stale) this.add(due.key, due.priority);
    }
    this.#setAlarm();
  }
}
