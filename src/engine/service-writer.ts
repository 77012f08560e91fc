import { canonicalJson } from '../lib/canonical-json.ts';
import { SluiceError, toSluiceError } from '../lib/error.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import { bounded } from './bounded.ts';
import type {
  CanaryRecord,
  Clock,
  Random,
  RolloutRecord,
  ServiceKey,
  Store,
  StoreSnapshot,
  StoreWrite,
} from './ports.ts';
import { emptyBatch, isEmpty, merge, type WriteBatch } from './write-batch.ts';

export interface ServiceWriterOptions {
  readonly key: ServiceKey;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: Backoff;
  /** After this long the outcome of a write counts as unknown. */
  readonly writeLimitMs: number;
  /** Everything queued so far is on disk. */
  readonly onDurable: () => void;
  /** A sentence while writes fail, null once one succeeded. */
  readonly onTrouble: (message: string | null) => void;
  /** The store holds something of this service that this engine did not write: it is the truth now. */
  readonly onForeign: (canary: CanaryRecord | null, rollouts: readonly RolloutRecord[]) => void;
}

/** Records of writes of unknown outcome that are kept to recognise them. */
const keptSent = 1_000;

/**
 * Brings one service's records to disk, in order, one transaction at a time. What is queued while a write is under way
 * goes into the next one. A write that fails is tried until it succeeds; one whose reply was lost is recognised by its
 * content, so nothing is written twice and nothing is lost.
 */
export class ServiceWriter {
  readonly #options: ServiceWriterOptions;
  #pending: WriteBatch = emptyBatch;
  #writing: WriteBatch | null = null;
  #isPumping = false;
  #failures = 0;
  #stopped = false;
  #canaryVersion = 0;
  readonly #rolloutVersions = new Map<string, number>();
  /** Records sent in writes of unknown outcome: as queued, and as numbered for the write. */
  readonly #sent = new Map<CanaryRecord | RolloutRecord, CanaryRecord | RolloutRecord>();
  #foreign: { readonly canary: CanaryRecord | null; readonly rollouts: readonly RolloutRecord[] } | null =
    null;
  #waiters: (() => void)[] = [];

  constructor(options: ServiceWriterOptions) {
    this.#options = options;
  }

  /** What the store holds at the start. */
  loaded(canary: CanaryRecord | null, rollouts: readonly RolloutRecord[]): void {
    this.#canaryVersion = canary?.version ?? 0;
    for (const rollout of rollouts) this.#rolloutVersions.set(rollout.identity.name, rollout.version);
  }

  get busy(): boolean {
    return this.#writing !== null || !isEmpty(this.#pending);
  }

  queue(write: StoreWrite): void {
    this.#pending = merge(this.#pending, write);
    if (this.#isPumping) return;
    this.#isPumping = true;
    // What is queued in the same tick is one transaction, and a rollback's write to the data plane is sent before it.
    queueMicrotask(() => void this.#pump());
  }

  /** Resolves when all that is queued now is on disk; rejects with `state-unwritable` after `limitMs`, while trying goes on. */
  async durable(limitMs: number): Promise<void> {
    if (!this.busy) return;
    const done = new Promise<void>((resolve) => this.#waiters.push(resolve));
    try {
      await bounded(this.#options.clock, limitMs, 'writing the state', done);
    } catch (thrown) {
      throw new SluiceError({
        code: 'state-unwritable',
        message: `the change of ${this.#options.key} is not on disk yet; the engine goes on trying`,
        cause: thrown,
      });
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  async #pump(): Promise<void> {
    while (!this.#stopped && !isEmpty(this.#pending)) {
      const batch = this.#pending;
      this.#pending = emptyBatch;
      this.#writing = batch;
      const written = await this.#write(batch);
      this.#writing = null;
      if (written === 'written') continue;
      this.#pending = merge(
        written === 'foreign' ? { ...batch, canaries: [], rollouts: [] } : batch,
        this.#pending,
      );
      if (this.#stopped) return;
      if (written === 'foreign') this.#takeOver();
      else await this.#pause();
    }
    this.#isPumping = false;
    if (this.#stopped) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
    this.#options.onDurable();
  }

  async #write(batch: WriteBatch): Promise<'written' | 'again' | 'foreign'> {
    const { store, clock, writeLimitMs, onTrouble } = this.#options;
    const numbered = this.#number(batch);
    try {
      await bounded(clock, writeLimitMs, 'writing the state', store.write(numbered));
    } catch (thrown) {
      if (this.#stopped) return 'again';
      this.#remember(batch, numbered);
      const error = toSluiceError(thrown, 'state-unwritable');
      this.#failures += 1;
      onTrouble(`the state cannot be written: ${error.message}`);
      if (error.code === 'conflict') await this.#reread();
      return this.#foreign === null ? 'again' : 'foreign';
    }
    for (const canary of numbered.canaries ?? []) this.#canaryVersion = canary.version;
    for (const rollout of numbered.rollouts ?? [])
      this.#rolloutVersions.set(rollout.identity.name, rollout.version);
    this.#sent.clear();
    if (this.#failures > 0) onTrouble(null);
    this.#failures = 0;
    return 'written';
  }

  #number(batch: WriteBatch): StoreWrite {
    return {
      ...batch,
      canaries: batch.canaries.map((canary) => ({ ...canary, version: this.#canaryVersion + 1 })),
      rollouts: batch.rollouts.map((rollout) => ({
        ...rollout,
        version: (this.#rolloutVersions.get(rollout.identity.name) ?? 0) + 1,
      })),
    };
  }

  #remember(batch: WriteBatch, numbered: StoreWrite): void {
    for (const [index, record] of batch.canaries.entries()) {
      const sent = numbered.canaries?.[index];
      if (sent !== undefined) this.#sent.set(record, sent);
    }
    for (const [index, record] of batch.rollouts.entries()) {
      const sent = numbered.rollouts?.[index];
      if (sent !== undefined) this.#sent.set(record, sent);
    }
    for (const record of [...this.#sent.keys()].slice(0, -keptSent)) this.#sent.delete(record);
  }

  #pause(): Promise<void> {
    const { clock, backoff, random } = this.#options;
    const atMs = clock.nowMs() + backoffMs(backoff, this.#failures, random.next());
    return new Promise((resolve) => {
      clock.at(atMs, resolve);
    });
  }

  /** After a conflict: was the earlier write of ours applied and only its reply lost, or did somebody else write? */
  async #reread(): Promise<void> {
    const { store, clock, writeLimitMs, key } = this.#options;
    let snapshot: StoreSnapshot;
    try {
      snapshot = await bounded(clock, writeLimitMs, 'reading the state', store.load());
    } catch {
      return;
    }
    const canary = snapshot.canaries.find((record) => record.key === key) ?? null;
    const rollouts = snapshot.rollouts.filter((record) => record.key === key);
    const ours = new Set([...this.#sent.values()].map((record) => canonicalJson(record)));
    const foreignCanary =
      canary !== null && canary.version !== this.#canaryVersion && !ours.has(canonicalJson(canary));
    const foreignRollouts = rollouts.filter(
      (record) =>
        record.version !== (this.#rolloutVersions.get(record.identity.name) ?? 0) &&
        !ours.has(canonicalJson(record)),
    );
    this.loaded(canary, rollouts);
    if (!foreignCanary && foreignRollouts.length === 0) return;
    this.#foreign = { canary: foreignCanary ? canary : null, rollouts: foreignRollouts };
  }

  #takeOver(): void {
    const foreign = this.#foreign;
    this.#foreign = null;
    if (foreign === null) return;
    this.#pending = { ...this.#pending, canaries: [], rollouts: [] };
    this.#options.onForeign(foreign.canary, foreign.rollouts);
  }
}
