import { type Clock, sleep } from './clock.ts';
import type { Controller, SyncedCache } from './controller.ts';
import type { Health } from './health.ts';
import { linkedAbort } from './linked-abort.ts';
import type { LeaderElector } from './leader-election.ts';
import { messageOf, type Report } from './report.ts';

/** An informer, whatever its kind. */
export interface RunningCache extends SyncedCache {
  run(signal: AbortSignal): Promise<void>;
}

export interface ManagerOptions {
  readonly clock: Clock;
  readonly informers: readonly RunningCache[];
  readonly controllers: readonly Controller[];
  /** Absent: there is one process only. */
  readonly elector?: LeaderElector;
  readonly health?: Health;
  /** Events, records, traces: before the lease is given back. */
  readonly flush?: readonly (() => Promise<void>)[];
  /** For the calls that run to end by themselves; then they are aborted. */
  readonly graceMs?: number;
  readonly report?: Report;
}

/** `lost`: another process leads; this one is to exit. `stuck`: a call did not end when it was aborted. */
export type ManagerEnd = 'stopped' | 'lost' | 'stuck';

const defaultGraceMs = 30_000;
/** For an aborted call to notice. */
const abortGraceMs = 2000;

/**
 * Runs the parts in controller-runtime's order: caches at once, controllers when this process leads and their caches are full. The end is:
 * not ready, no more keys, calls that run end or are aborted, what waits is written, the lease is given back, the watches close.
 * Different: a cache that does not fill
 * holds up those who read it and nobody else; the lease is renewed until the last call has ended, and is not given back while one still runs: then it runs out.
 */
export class Manager {
  readonly #options: ManagerOptions;

  constructor(options: ManagerOptions) {
    this.#options = options;
  }

  /** Until the signal, or until the lease is lost. */
  async run(signal: AbortSignal): Promise<ManagerEnd> {
    const { informers, elector, health, graceMs = defaultGraceMs } = this.#options;
    const watches = linkedAbort();
    const calls = linkedAbort();
    const stop = linkedAbort(signal);
    const elected = Promise.withResolvers<void>();
    health?.start();
    const following = informers.map((informer) => informer.run(watches.signal));
    const election = elector?.run(() => elected.resolve());
    if (elector === undefined) elected.resolve();
    const working = this.#work(elected.promise, stop.signal, calls.signal);
    await Promise.race([election ?? aborted(stop.signal), aborted(stop.signal)]);
    const isLost = !signal.aborted;
    stop.abort();
    health?.shutDown();
    const hasEnded = await this.#stopWorking(working, isLost ? 0 : graceMs, calls.abort);
    await this.#flush();
    elector?.stop({ release: hasEnded });
    await election;
    watches.abort();
    await Promise.all(following);
    health?.stop();
    stop.unlink();
    if (!hasEnded) return 'stuck';
    return isLost ? 'lost' : 'stopped';
  }

  async #work(elected: Promise<void>, stop: AbortSignal, calls: AbortSignal): Promise<void> {
    const { informers, controllers } = this.#options;
    await Promise.race([elected, aborted(stop)]);
    const start = async (controller: Controller): Promise<void> => {
      await Promise.all((controller.caches ?? informers).map((cache) => cache.whenSynced(stop)));
      await controller.run(calls);
    };
    await Promise.all(controllers.map(start));
  }

  /** False: a call did not end. */
  async #stopWorking(working: Promise<void>, graceMs: number, abort: () => void): Promise<boolean> {
    const { clock, controllers } = this.#options;
    const stopped = Promise.all([working, ...controllers.map((controller) => controller.stop())]);
    const hasEnded = stopped.then(() => true);
    const waited = linkedAbort();
    const cancel = clock.at(clock.nowMs() + graceMs, abort);
    const late = sleep(clock, graceMs + abortGraceMs, waited.signal).then(() => false);
    try {
      return await Promise.race([hasEnded, late]);
    } finally {
      cancel();
      waited.abort();
    }
  }

  /** One after the other; what cannot be written is no reason to keep the lease. */
  async #flush(): Promise<void> {
    for (const flush of this.#options.flush ?? []) {
      await flush().catch((error: unknown) =>
        this.#options.report?.({ where: 'shutdown', message: messageOf(error), error }),
      );
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
