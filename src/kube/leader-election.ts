import type { KubeClient } from './client.ts';
import { type Clock, type Random, sleep } from './clock.ts';
import type { Fence } from './fencing.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { heldLease, type Lease, leases, releasedLease } from './lease.ts';
import { linkedAbort, type LinkedAbort } from './linked-abort.ts';
import { keyOf, type ObjectName } from './object.ts';
import { Reflector } from './reflector.ts';
import { messageOf, type Report } from './report.ts';
import { compareResourceVersions } from './resource-version.ts';
import { within } from './within.ts';

export interface ElectionTiming {
  /** The others leave a lease alone for so long after they last saw it change. */
  readonly leaseDurationMs: number;
  /** The leader gives up when it could not renew for so long. Well below the duration: it may take a while to stop. */
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** client-go's. */
export const defaultElectionTiming: ElectionTiming = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2000,
};

/** A candidate tries again after 1 to 2.2 retry periods. */
const retryJitter = 1.2;

export interface ElectionOptions {
  readonly client: KubeClient;
  readonly lease: ObjectName;
  /** For people; made unique with an id, so that a process never takes another one's lease for its own. */
  readonly hostName: string;
  readonly newId: () => string;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly random: Random;
  readonly fieldManager: string;
  readonly timing?: ElectionTiming;
  /** Whoever is seen to lead, this process included. */
  readonly onLeader?: (identity: string) => void;
  readonly report?: Report;
}

interface Observed {
  readonly lease: Lease | null;
  /** When it was first seen so. */
  readonly atMs: number;
  /** When it was last seen so. */
  readonly lastMs: number;
}

interface Holding {
  readonly lease: Lease;
  readonly epoch: number;
  readonly acquiredAtWallMs: number;
  readonly renewedAtMs: number;
}

/**
 * One leader of many processes, by a Lease. client-go's rules: a lease is over when it was not *seen* to change for its duration, by the
 * clock of the one who looks; renewals are writes with the last resourceVersion; the leader gives up long before the others may take it;
 * the lease is given back at the end. Different: the lease is watched besides being polled, so a released one is taken at once, and the
 * end of a silent one is waited for to the instant; a renewal counts from before it was sent; every new holding raises
 * `leaseTransitions`, which is the epoch of the fence, also where the holder's name stays; and there is a fence.
 */
export class LeaderElector {
  readonly identity: string;
  readonly #options: ElectionOptions;
  readonly #timing: ElectionTiming;
  #observed: Observed | null = null;
  #holding: Holding | null = null;
  #stopping: { readonly release: boolean } | null = null;
  #sleeper: LinkedAbort | null = null;
  #highestTransitions = -1;

  constructor(options: ElectionOptions) {
    const timing = options.timing ?? defaultElectionTiming;
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = timing;
    if (leaseDurationMs <= renewDeadlineMs || renewDeadlineMs <= retryPeriodMs * retryJitter) {
      throw new KubeError({
        reason: 'Configuration',
        message: 'an election needs leaseDuration > renewDeadline > 1.2 × retryPeriod',
      });
    }
    this.#options = options;
    this.#timing = timing;
    this.identity = `${options.hostName}_${options.newId()}`;
  }

  /** Runs for the lease (`onElected` once it is won), then holds it: until `stop`, or until it is lost. Who has lost it should exit. */
  async run(onElected: (epoch: number) => void = () => {}): Promise<'stopped' | 'lost'> {
    const watch = linkedAbort();
    const watching = this.#reflector().run(watch.signal);
    try {
      if (!(await this.#acquire())) return 'stopped';
      if (this.#holding !== null) onElected(this.#holding.epoch);
      return await this.#hold();
    } finally {
      this.#options.fence.revoke();
      watch.abort();
      await watching;
    }
  }

  /** Ends `run`. `release` gives the lease to the others at once: only when nothing of this process acts any more. */
  stop(how: { readonly release: boolean }): void {
    this.#stopping ??= how;
    this.#wake();
  }

  async #acquire(): Promise<boolean> {
    const { clock, random } = this.#options;
    while (this.#stopping === null) {
      const retryMs = this.#timing.retryPeriodMs * (1 + retryJitter * random());
      try {
        if (await this.#tryAcquire()) return true;
        // May have become free while we asked: then at once.
        await this.#sleep(Math.max(0, Math.min(retryMs, this.#freeAtMs() - clock.nowMs())));
      } catch (thrown) {
        this.#report(thrown);
        await this.#sleep(retryMs);
      }
    }
    return false;
  }

  async #tryAcquire(): Promise<boolean> {
    const { clock } = this.#options;
    const askedAtMs = clock.nowMs();
    this.#observe(await this.#get(), askedAtMs);
    if (clock.nowMs() < this.#freeAtMs()) return false;
    const before = this.#observed?.lease ?? null;
    const epoch = Math.max(this.#highestTransitions, before?.spec?.leaseTransitions ?? -1) + 1;
    await this.#write(before, epoch, clock.wallMs());
    return this.#holding !== null;
  }

  async #hold(): Promise<'stopped' | 'lost'> {
    for (;;) {
      const holding = this.#holding;
      if (holding === null) return 'lost';
      const leftMs = this.#leftMs(holding);
      if (leftMs <= 0) return this.#lose();
      if (this.#stopping !== null) return this.#leave(holding);
      await this.#sleep(Math.min(this.#timing.retryPeriodMs, leftMs));
      if (this.#stopping === null && this.#holding !== null) await this.#tryRenew();
    }
  }

  async #tryRenew(): Promise<void> {
    const holding = this.#holding;
    if (holding === null || this.#leftMs(holding) <= 0) return;
    try {
      await this.#write(holding.lease, holding.epoch, holding.acquiredAtWallMs);
    } catch (thrown) {
      this.#report(thrown);
      if (!isKubeError(thrown, 'Conflict', 'NotFound', 'AlreadyExists')) return;
      await this.#renewAgain(holding).catch((again: unknown) => this.#report(again));
    }
  }

  /** Somebody wrote the lease, or deleted it: it is lost where another process stands in it now. */
  async #renewAgain(holding: Holding): Promise<void> {
    const askedAtMs = this.#options.clock.nowMs();
    const found = await this.#get();
    this.#observe(found, askedAtMs);
    if (found !== null && found.spec?.holderIdentity !== this.identity) this.#lose();
    else await this.#write(found, holding.epoch, holding.acquiredAtWallMs);
  }

  #leftMs({ renewedAtMs }: Holding): number {
    return renewedAtMs + this.#timing.renewDeadlineMs - this.#options.clock.nowMs();
  }

  /** Creates the lease or replaces it; refused if it is another one than `before`. */
  async #write(before: Lease | null, epoch: number, acquiredAtWallMs: number): Promise<void> {
    const { client, clock, fence, fieldManager, lease: name } = this.#options;
    const renewedAtMs = clock.nowMs();
    const renewedAtWallMs = clock.wallMs();
    const durationMs = this.#timing.leaseDurationMs;
    const holding = {
      identity: this.identity,
      durationMs,
      acquiredAtWallMs,
      renewedAtWallMs,
      transitions: epoch,
    };
    const wanted = heldLease(name, before, holding);
    const lease = await this.#call((signal, timeoutMs) =>
      before === null
        ? client.create(leases, wanted, { fieldManager, signal, timeoutMs })
        : client.replace(leases, wanted, { fieldManager, signal, timeoutMs }),
    );
    // Deposed by a watch event while the answer was on its way.
    if (this.#isNewer(lease)) return;
    this.#holding = { lease, epoch, acquiredAtWallMs, renewedAtMs };
    fence.renewed(epoch, renewedAtMs, renewedAtWallMs);
    this.#observe(lease);
  }

  async #get(): Promise<Lease | null> {
    const { client, lease } = this.#options;
    try {
      return await this.#call((signal, timeoutMs) => client.get<Lease>(leases, lease, { signal, timeoutMs }));
    } catch (thrown) {
      if (isKubeError(thrown, 'NotFound')) return null;
      throw thrown;
    }
  }

  async #leave(holding: Holding): Promise<'stopped'> {
    const { client, clock, fence, fieldManager } = this.#options;
    this.#holding = null;
    fence.revoke();
    if (this.#stopping?.release !== true) return 'stopped';
    const released = releasedLease(holding.lease, clock.wallMs());
    await this.#call((signal, timeoutMs) =>
      client.replace(leases, released, { fieldManager, signal, timeoutMs }),
    ).catch((thrown: unknown) => this.#report(thrown));
    return 'stopped';
  }

  #lose(): 'lost' {
    this.#holding = null;
    this.#options.fence.revoke();
    this.#wake();
    return 'lost';
  }

  /** Half of the deadline: one dead connection does not cost the lease. Never beyond the deadline itself. */
  #call<Value>(call: (signal: AbortSignal, timeoutMs: number) => Promise<Value>): Promise<Value> {
    const halfMs = this.#timing.renewDeadlineMs / 2;
    const limitMs =
      this.#holding === null ? halfMs : Math.max(0, Math.min(halfMs, this.#leftMs(this.#holding)));
    return within(this.#options.clock, limitMs, (signal) => call(signal, limitMs));
  }

  /** When the lease is anybody's, as seen from here. */
  #freeAtMs(): number {
    if (this.#observed === null) return Number.NEGATIVE_INFINITY;
    const { lease, atMs } = this.#observed;
    const { holderIdentity = '', leaseDurationSeconds } = lease?.spec ?? {};
    // Ours without our knowing: the answer to the write was lost.
    if (holderIdentity === '' || holderIdentity === this.identity) return Number.NEGATIVE_INFINITY;
    return atMs + (leaseDurationSeconds ?? this.#timing.leaseDurationMs / 1000) * 1000;
  }

  /**
   * A watch may lag: what is older than what was seen counts for nothing. Unless it is the answer to a question that was asked later
   * (`askedAtMs`): then the storage was set back to a backup, and the higher version is of a past that is gone.
   */
  #observe(lease: Lease | null, askedAtMs = Number.NEGATIVE_INFINITY): void {
    const seen = this.#observed;
    const before = seen?.lease ?? null;
    if (seen !== null && seen.lastMs >= askedAtMs && isOlder(lease, before)) return;
    const isChanged = seen === null || JSON.stringify(lease?.spec) !== JSON.stringify(before?.spec);
    const lastMs = this.#options.clock.nowMs();
    this.#observed = { lease, atMs: isChanged ? lastMs : seen.atMs, lastMs };
    this.#highestTransitions = Math.max(this.#highestTransitions, lease?.spec?.leaseTransitions ?? -1);
    const holder = lease?.spec?.holderIdentity ?? '';
    if (holder !== '' && holder !== before?.spec?.holderIdentity) this.#options.onLeader?.(holder);
  }

  /** What the watch tells. */
  #see(lease: Lease | null): void {
    this.#observe(lease);
    if (this.#holding === null) {
      if (this.#freeAtMs() <= this.#options.clock.nowMs()) this.#wake();
    } else if (lease === null) {
      this.#wake();
    } else if (lease.spec?.holderIdentity !== this.identity && isOlder(this.#holding.lease, lease)) {
      this.#lose();
    }
  }

  /** Whether another process was already seen in a later version than this one. */
  #isNewer(written: Lease): boolean {
    const seen = this.#observed?.lease;
    if (seen === undefined || seen === null) return false;
    return seen.spec?.holderIdentity !== this.identity && isOlder(written, seen);
  }

  #reflector(): Reflector<Lease> {
    const { client, clock, random, lease, report } = this.#options;
    const mine = (found: Lease): boolean => keyOf(found.metadata) === keyOf(lease);
    return new Reflector<Lease>({
      client,
      clock,
      random,
      resource: leases,
      scope: {
        fieldSelector: `metadata.name=${lease.name}`,
        ...(lease.namespace === undefined ? {} : { namespace: lease.namespace }),
      },
      sink: {
        replace: (items) => this.#see(items.find(mine) ?? null),
        apply: ({ type, object }) => {
          if (mine(object)) this.#see(type === 'DELETED' ? null : object);
        },
        reached: () => {},
      },
      ...(report === undefined ? {} : { report }),
    });
  }

  async #sleep(delayMs: number): Promise<void> {
    const sleeper = linkedAbort();
    this.#sleeper = sleeper;
    if (this.#stopping === null) await sleep(this.#options.clock, delayMs, sleeper.signal);
    this.#sleeper = null;
  }

  #wake(): void {
    this.#sleeper?.abort();
  }

  #report(error: unknown): void {
    const where = `leader election ${keyOf(this.#options.lease)}`;
    this.#options.report?.({ where, message: messageOf(error), error });
  }
}

function isOlder(a: Lease | null, b: Lease | null): boolean {
  if (a === null || b === null) return false;
  const order = compareResourceVersions(a.metadata.resourceVersion ?? '', b.metadata.resourceVersion ?? '');
  return order !== null && order < 0;
}
