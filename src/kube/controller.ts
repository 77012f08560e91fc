import type { Clock } from './clock.ts';
import { KubeError, isKubeError } from './kube-error.ts';
import { linkedAbort } from './linked-abort.ts';
import { messageOf, type Report } from './report.ts';
import type { Taken, WorkQueue } from './work-queue.ts';
import type { WrittenVersions } from './written-versions.ts';

/** What a reconcile says of its key. */
export type ReconcileResult =
  /** Until something changes. */
  | { readonly kind: 'done' }
  | { readonly kind: 'requeueAfter'; readonly delayMs: number }
  /** Again, later each time. A `retryAfterMs` of the server is kept. */
  | { readonly kind: 'error'; readonly error: unknown }
  /** Trying again would not help: nothing until something changes. */
  | { readonly kind: 'terminal'; readonly error: unknown };

export interface ReconcileContext {
  /** One call of one key: stands in every line of a log about it. */
  readonly reconcileId: string;
  /** How often it has failed in a row. */
  readonly failures: number;
  /** Aborted at the deadline of the call, and when the work has to stop at once. To be handed to every call of the client. */
  readonly signal: AbortSignal;
}

/**
 * Brings the world of one key where it is to be, from what is there now: it is told no event, and may be called at any time, also for an
 * object that is gone. Never called twice at once for one key.
 */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult>;

export type ReconcileOutcome = ReconcileResult['kind'] | 'panic';

export interface ControllerObserver {
  started(): void;
  ended(outcome: ReconcileOutcome, tookMs: number): void;
  timedOut(): void;
}

/** An informer, as far as its first list goes. */
export interface SyncedCache {
  whenSynced(signal: AbortSignal): Promise<boolean>;
}

export interface ControllerOptions {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly reconcile: Reconcile;
  readonly clock: Clock;
  /** Unique. */
  readonly newId: () => string;
  /** Keys at once. */
  readonly concurrency?: number;
  /** Of one call. */
  readonly timeoutMs?: number;
  readonly versions?: WrittenVersions;
  /** What it reads: it starts when they are full. Absent: all caches of the manager, of which one may never be (403, no CRD). */
  readonly caches?: readonly SyncedCache[];
  readonly report?: Report;
  readonly observer?: ControllerObserver;
}

const defaultTimeoutMs = 60_000;

/**
 * Takes keys and reconciles them: controller-runtime's loop with its results, its deadline (`ReconciliationTimeout`) and its recovery from
 * panics. Different: there is always a deadline; a key whose writes the cache does not show yet waits for them; and what is thrown is an
 * ordinary error if the client threw it, else a bug, counted as a panic and tried again later like an error. A call that goes on after
 * its deadline keeps its key, and its worker: the key must not run twice at once, and a promise cannot be killed.
 */
export class Controller {
  readonly name: string;
  readonly concurrency: number;
  readonly caches: readonly SyncedCache[] | null;
  readonly #options: ControllerOptions;

  constructor(options: ControllerOptions) {
    this.name = options.name;
    this.concurrency = options.concurrency ?? 1;
    this.caches = options.caches ?? null;
    this.#options = options;
  }

  /** Until the queue is shut down and every call has ended. `abort` ends the calls that run. */
  async run(abort: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: this.concurrency }, () => this.#work(abort)));
  }

  /** Takes no key any more; resolves when no call runs. */
  stop(): Promise<void> {
    return this.#options.queue.shutDown({ drain: false });
  }

  async #work(abort: AbortSignal): Promise<void> {
    const { queue, versions } = this.#options;
    for (;;) {
      const taken = await queue.take();
      if (taken === null) return;
      const { key, priority } = taken;
      if (versions?.isBehind(key) === true) {
        queue.done(key);
        versions.whenReached(key, () => queue.add(key, priority));
        continue;
      }
      const result = await this.#call(key, abort);
      // First queued, then let go: in between, nobody finds the key nowhere.
      this.#requeue(taken, result);
      queue.done(key);
    }
  }

  async #call(key: string, abort: AbortSignal): Promise<ReconcileResult> {
    const { queue, reconcile, clock, newId, timeoutMs = defaultTimeoutMs, observer } = this.#options;
    const deadline = linkedAbort(abort);
    const reconcileId = newId();
    const startedMs = clock.nowMs();
    const cancel = clock.at(startedMs + timeoutMs, () => {
      observer?.timedOut();
      this.#report(
        key,
        reconcileId,
        new KubeError({ reason: 'DeadlineExceeded', message: `after ${timeoutMs} ms` }),
      );
      deadline.abort();
    });
    observer?.started();
    let outcome: ReconcileOutcome = 'panic';
    try {
      const result = await reconcile(key, {
        reconcileId,
        failures: queue.failures(key),
        signal: deadline.signal,
      });
      outcome = result.kind;
      if (result.kind === 'error' || result.kind === 'terminal') this.#report(key, reconcileId, result.error);
      return result;
    } catch (thrown) {
      if (isKubeError(thrown)) outcome = 'error';
      this.#report(key, reconcileId, thrown);
      return { kind: 'error', error: thrown };
    } finally {
      cancel();
      deadline.unlink();
      observer?.ended(outcome, clock.nowMs() - startedMs);
    }
  }

  #requeue({ key, priority }: Taken, result: ReconcileResult): void {
    const { queue } = this.#options;
    if (result.kind === 'error') {
      const atLeastMs = isKubeError(result.error) ? (result.error.retryAfterMs ?? 0) : 0;
      queue.addRateLimited(key, priority, atLeastMs);
      return;
    }
    queue.forget(key);
    if (result.kind === 'requeueAfter') queue.addAfter(key, result.delayMs, priority);
  }

  #report(key: string, reconcileId: string, error: unknown): void {
    const where = `controller ${this.name}, key ${key}, reconcile ${reconcileId}`;
    this.#options.report?.({ where, message: messageOf(error), error });
  }
}
