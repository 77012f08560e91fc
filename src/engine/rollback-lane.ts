import type { RolloutIdentity } from '../rollout/decide.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import { bounded } from './bounded.ts';
import type { Clock, Platform, Random, ServiceKey } from './ports.ts';

export interface RollbackLaneOptions {
  readonly platform: Pick<Platform, 'lowerToZero'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: Backoff;
  /** One try; a try that hangs longer is given up on and made anew. */
  readonly tryLimitMs: number;
  /** The data plane acknowledged weight 0. */
  readonly onLowered: (key: ServiceKey, identity: RolloutIdentity) => void;
  readonly onTrouble: (key: ServiceKey, thrown: unknown) => void;
}

/** While the platform cannot be read, the write is repeated no sooner than this after an acknowledgement. */
const repeatMs = 1_000;

/**
 * The rollback lane (N5): its one write starts in the same tick as it is asked for, counts in no bound, shares nothing with
 * the normal lane, and is tried until the data plane has it.
 */
export class RollbackLane {
  readonly #options: RollbackLaneOptions;
  readonly #running = new Set<string>();
  /** When the data plane acknowledged, by rollout. */
  readonly #acknowledged = new Map<string, number>();
  #stopped = false;

  constructor(options: RollbackLaneOptions) {
    this.#options = options;
  }

  /** True: the write was begun. False: nothing was done, since this rollout's write is under way or was acknowledged a moment ago and cannot be seen yet. */
  lower(key: ServiceKey, identity: RolloutIdentity): boolean {
    if (this.#stopped || this.#running.has(identity.uid)) return false;
    const atMs = this.#acknowledged.get(identity.uid);
    if (atMs !== undefined && this.#options.clock.nowMs() < atMs + repeatMs) return false;
    this.#running.add(identity.uid);
    void this.#lower(key, identity, 0);
    return true;
  }

  /** The rollout has ended. */
  forget(uid: string): void {
    this.#acknowledged.delete(uid);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #lower(key: ServiceKey, identity: RolloutIdentity, tries: number): Promise<void> {
    const { clock, platform, random, backoff, tryLimitMs } = this.#options;
    try {
      await bounded(clock, tryLimitMs, 'the write of weight 0', platform.lowerToZero(key, identity));
    } catch (thrown) {
      if (this.#stopped) return;
      this.#options.onTrouble(key, thrown);
      clock.at(clock.nowMs() + backoffMs(backoff, tries + 1, random.next()), () => {
        if (!this.#stopped) void this.#lower(key, identity, tries + 1);
      });
      return;
    }
    this.#running.delete(identity.uid);
    this.#acknowledged.set(identity.uid, clock.nowMs());
    if (!this.#stopped) this.#options.onLowered(key, identity);
  }
}
