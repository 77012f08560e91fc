import type { Clock } from './clock.ts';
import type { KubeObject, ObjectName } from './object.ts';
import { compareResourceVersions } from './resource-version.ts';

/** A cache that knows how far it is: an informer. */
export interface VersionedCache {
  readonly resourceVersion: string | null;
  readonly lister: { get(name: ObjectName): KubeObject | undefined };
  onProgress(listener: () => void): () => void;
}

interface Expectation {
  readonly cache: VersionedCache;
  readonly untilMs: number;
  readonly isMet: () => boolean;
}

/** Longer than a watch lags, shorter than anybody waits for a dead one. */
const patienceMs = 10_000;

/**
 * Read-your-writes (KEP-5647): a key whose reconcile wrote something does not run again on a cache from before the write. Each write is
 * noted under the key with the version that the server returned; the key is free when the caches have come that far. Where versions are
 * no numbers, or the watch does not come along, it fails open: a stale read is a conflict at worst, a key held for ever is an outage.
 */
export class WrittenVersions {
  readonly #clock: Clock;
  readonly #expectations = new Map<string, Expectation[]>();
  readonly #onGivenUp: (key: string) => void;

  constructor(clock: Clock, onGivenUp: (key: string) => void = () => {}) {
    this.#clock = clock;
    this.#onGivenUp = onGivenUp;
  }

  /** `written` as the server returned it. */
  wrote(key: string, cache: VersionedCache, written: KubeObject): void {
    const { resourceVersion } = written.metadata;
    if (resourceVersion === undefined) return;
    this.#expect(key, cache, () => {
      const order = compareResourceVersions(cache.resourceVersion ?? '', resourceVersion);
      return order === null ? cache.resourceVersion !== null : order >= 0;
    });
  }

  /** A deletion returns no version: it has come when the object is gone, going, or another one. */
  removed(key: string, cache: VersionedCache, name: ObjectName, uid: string | undefined): void {
    this.#expect(key, cache, () => {
      const found = cache.lister.get(name);
      return (
        found === undefined || found.metadata.uid !== uid || found.metadata.deletionTimestamp !== undefined
      );
    });
  }

  /** Whether the caches are behind the writes of this key. */
  isBehind(key: string): boolean {
    const kept = (this.#expectations.get(key) ?? []).filter(({ isMet }) => !isMet());
    const waiting = kept.filter(({ untilMs }) => this.#clock.nowMs() < untilMs);
    if (waiting.length < kept.length) this.#onGivenUp(key);
    if (waiting.length > 0 && waiting.length === kept.length) this.#expectations.set(key, waiting);
    else this.#expectations.delete(key);
    return this.#expectations.has(key);
  }

  /** Calls back once, when the key is no longer behind. */
  whenReached(key: string, wake: () => void): void {
    const expectations = this.#expectations.get(key) ?? [];
    const untilMs = Math.min(...expectations.map((expectation) => expectation.untilMs));
    const look = (): void => {
      if (this.isBehind(key)) return;
      cancel();
      for (const stop of stops) stop();
      wake();
    };
    const cancel = Number.isFinite(untilMs) ? this.#clock.at(untilMs, look) : () => {};
    const stops = [...new Set(expectations.map(({ cache }) => cache))].map((cache) => cache.onProgress(look));
    look();
  }

  #expect(key: string, cache: VersionedCache, isMet: () => boolean): void {
    const expectation = { cache, untilMs: this.#clock.nowMs() + patienceMs, isMet };
    this.#expectations.set(key, [...(this.#expectations.get(key) ?? []), expectation]);
  }
}
