import type { ApplyOptions, CallOptions, DeleteOptions, KubeClient, Patch, WriteOptions } from './client.ts';
import type { Clock } from './clock.ts';
import { KubeError } from './kube-error.ts';
import type { KubeObject, ObjectName, Resource } from './object.ts';

export interface FenceTiming {
  /** Of the election. */
  readonly renewDeadlineMs: number;
  /** What an effect may still take after it was let through. */
  readonly marginMs: number;
}

interface Held {
  readonly epoch: number;
  readonly renewedAtMs: number;
  readonly renewedAtWallMs: number;
}

/**
 * Whether this process may act, as far as it can know: the lease was renewed so recently that nobody else can have taken it. client-go
 * has none and says so: its election does not keep a process that was stopped (SIGSTOP, a frozen machine) from acting when it comes back
 * as a deposed leader. Asked right before every effect. Time is taken from the monotonic clock, which runs while a process is stopped, and
 * from the wall clock, which runs while a machine is: the longer one counts.
 *
 * It cannot close the gap between the question and the packet: writes carry a resourceVersion or a uid besides, and the epoch.
 */
export class Fence {
  readonly #clock: Clock;
  readonly #timing: FenceTiming;
  #held: Held | null = null;

  constructor(clock: Clock, timing: FenceTiming = { renewDeadlineMs: 10_000, marginMs: 2000 }) {
    this.#clock = clock;
    this.#timing = timing;
  }

  /** `leaseTransitions` of the lease as this process took it: greater for each holder. Null while not held. */
  get epoch(): number | null {
    return this.remainingMs > 0 ? (this.#held?.epoch ?? null) : null;
  }

  /** So long is an effect let through without another renewal; 0: not now. */
  get remainingMs(): number {
    if (this.#held === null) return 0;
    const { renewedAtMs, renewedAtWallMs } = this.#held;
    const agoMs = Math.max(this.#clock.nowMs() - renewedAtMs, this.#clock.wallMs() - renewedAtWallMs);
    return Math.max(0, this.#timing.renewDeadlineMs - this.#timing.marginMs - agoMs);
  }

  /** So long may an effect take that is let through now: after it, another process may lead. */
  get limitMs(): number {
    return this.remainingMs + this.#timing.marginMs;
  }

  /** By the elector. The instants are those before the request was sent: the others may have seen the old record as late as that. */
  renewed(epoch: number, renewedAtMs: number, renewedAtWallMs: number): void {
    this.#held = { epoch, renewedAtMs, renewedAtWallMs };
  }

  /** By the elector: lost or given back. */
  revoke(): void {
    this.#held = null;
  }

  /** The epoch to act under; throws `NotLeader`. */
  check(): number {
    const { epoch } = this;
    if (epoch !== null) return epoch;
    throw new KubeError({
      reason: 'NotLeader',
      message: 'this process is not the leader, or has not renewed its lease lately: nothing is written',
    });
  }
}

/**
 * The client with the fence in front of every write. Reads go through. A write that was let through ends with the time that the fence
 * had left, whatever it waits for (a Retry-After, a connection, credentials): what another process may have decided since is not undone.
 */
export function fenced(client: KubeClient, fence: Fence): KubeClient {
  const bounded = <Options extends CallOptions>(options: Options): Options => {
    fence.check();
    return { ...options, timeoutMs: Math.min(options.timeoutMs ?? Number.POSITIVE_INFINITY, fence.limitMs) };
  };
  return {
    get: (resource, name, options) => client.get(resource, name, options),
    list: (resource, options) => client.list(resource, options),
    watch: (resource, options) => client.watch(resource, options),
    raw: (path, options) => client.raw(path, options),
    close: () => client.close(),
    async create<Item extends KubeObject>(
      resource: Resource,
      object: Item,
      options: WriteOptions,
    ): Promise<Item> {
      return client.create(resource, object, bounded(options));
    },
    async replace<Item extends KubeObject>(
      resource: Resource,
      object: Item,
      options: WriteOptions,
    ): Promise<Item> {
      return client.replace(resource, object, bounded(options));
    },
    async patch<Item extends KubeObject>(
      resource: Resource,
      name: ObjectName,
      patch: Patch,
      options: WriteOptions,
    ): Promise<Item> {
      return client.patch<Item>(resource, name, patch, bounded(options));
    },
    async apply<Item extends KubeObject>(
      resource: Resource,
      object: KubeObject,
      options: ApplyOptions,
    ): Promise<Item> {
      return client.apply<Item>(resource, object, bounded(options));
    },
    async remove(resource: Resource, name: ObjectName, options: DeleteOptions = {}): Promise<void> {
      return client.remove(resource, name, bounded(options));
    },
  };
}
