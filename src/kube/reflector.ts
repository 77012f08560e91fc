import { Backoff } from './backoff.ts';
import type { KubeClient, WatchEvent } from './client.ts';
import { type Clock, type Random, sleep } from './clock.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { keyOf, type KubeObject, type Resource } from './object.ts';
import { messageOf, type Report } from './report.ts';
import { compareResourceVersions } from './resource-version.ts';
import { SharedParts } from './shared-parts.ts';
import { trimmed } from './trim.ts';
import { afterWatchFailure, isExpired, isStreamingRefused } from './watch-failure.ts';
import { WatchGuard } from './watch-guard.ts';

/** Which objects of the kind. */
export interface Scope {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export type ObjectEvent<Item extends KubeObject> = Exclude<WatchEvent<Item>, { readonly type: 'BOOKMARK' }>;

/** What follows the server. Called in the order of the server's history, one call at a time. */
export interface ReflectorSink<Item extends KubeObject> {
  /** The whole state as it was at `resourceVersion`. No key is there twice. */
  replace(items: readonly Item[], resourceVersion: string): void;
  apply(event: ObjectEvent<Item>): void;
  /** All up to `resourceVersion` has been told. */
  reached(resourceVersion: string): void;
}

export interface ReflectorObserver {
  listed(way: 'stream' | 'pages', items: number): void;
  watchEnded(events: number, lastedMs: number): void;
}

export interface ReflectorOptions<Item extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly scope?: Scope;
  readonly sink: ReflectorSink<Item>;
  readonly clock: Clock;
  readonly random: Random;
  /** After the trimming: what of the object is kept. */
  readonly transform?: (object: Item) => Item;
  readonly report?: Report;
  readonly observer?: ReflectorObserver;
}

const pageLimit = 500;
/** Bookmarks come about each minute. */
const silenceMs = 120_000;
/** Between two objects of a streamed list, and until its end is marked: a server that knows nothing of it never marks it. */
const initialSilenceMs = 30_000;
/** A watch that ends sooner, without an event, was refused rather than served. */
const shortWatchMs = 1000;
/** So often in a row is the same line read again before the state is listed instead. */
const maxMalformed = 3;

/**
 * Lists and watches one kind until it is stopped; nothing else ends it. client-go's `Reflector`: the list is streamed where the server
 * can, else in pages; the watch asks for bookmarks, ends by itself after 5 to 10 minutes and goes on where it ended; 410 lists anew.
 * Different: lists are always read consistently (client-go starts with version 0, from any cache, and may go back in time), a watch
 * without a sign of life is given up, and no unreadable line is passed over.
 */
export class Reflector<Item extends KubeObject> {
  readonly #options: ReflectorOptions<Item>;
  readonly #backoff: Backoff;
  readonly #parts = new SharedParts();
  /** All up to here is in the sink; null: list first. */
  #position: string | null = null;
  /** How the next list is asked for. A refusal is for good; a stall is for one list. */
  #listBy: 'stream' | 'pages once' | 'pages' = 'stream';
  #malformedInRow = 0;
  #lastSignMs: number;

  constructor(options: ReflectorOptions<Item>) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock, options.random);
    this.#lastSignMs = options.clock.nowMs();
  }

  /** Last sign that the loop turns: an event, an answer, an error. Not that the server is well. */
  get lastSignMs(): number {
    return this.#lastSignMs;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      try {
        if (this.#position === null && this.#listBy !== 'stream') await this.#listPages(signal);
        await this.#stream(this.#position, signal);
        this.#lastSignMs = clock.nowMs();
      } catch (thrown) {
        if (signal.aborted) break;
        this.#lastSignMs = clock.nowMs();
        await sleep(clock, this.#failed(thrown), signal);
      }
    }
  }

  /** Where to go on, and after how long. */
  #failed(thrown: unknown): number {
    const { resource, report } = this.#options;
    report?.({ where: `reflector ${resource.plural}`, message: messageOf(thrown), error: thrown });
    this.#malformedInRow = isKubeError(thrown, 'Malformed') ? this.#malformedInRow + 1 : 0;
    if (this.#position !== null) {
      const stuck = this.#malformedInRow >= maxMalformed;
      if (stuck) this.#malformedInRow = 0;
      if (stuck || afterWatchFailure(thrown) === 'list') this.#position = null;
    } else if (this.#listBy === 'stream' && isStreamingRefused(thrown)) {
      this.#listBy = 'pages';
      return 0;
    }
    const first = this.#backoff.rested;
    const delayMs = this.#backoff.failed();
    if (first && isExpired(thrown)) return 0;
    return Math.max(delayMs, isKubeError(thrown) ? (thrown.retryAfterMs ?? 0) : 0);
  }

  /** Watches from `from`; from null, the present objects come first on the same stream. */
  async #stream(from: string | null, signal: AbortSignal): Promise<void> {
    const { client, resource, scope, clock, random, observer } = this.#options;
    const guard = new WatchGuard(clock, from === null ? initialSilenceMs : silenceMs, signal);
    let initial = from === null ? new Map<string, Item>() : null;
    const startedMs = clock.nowMs();
    let events = 0;
    try {
      const stream = client.watch<Item>(resource, {
        ...scope,
        ...(from === null ? { sendInitialEvents: true } : { resourceVersion: from }),
        timeoutSeconds: 300 + Math.floor(random() * 301),
        inactivityMs: silenceMs,
        signal: guard.signal,
      });
      for await (const event of stream) {
        guard.touch();
        this.#lastSignMs = clock.nowMs();
        events += 1;
        if (initial === null) {
          this.#take(event);
        } else if (event.type === 'BOOKMARK' && event.initialEventsEnd) {
          this.#replace([...initial.values()], event.resourceVersion, 'stream');
          initial = null;
          guard.allow(silenceMs);
        } else {
          this.#gather(initial, event);
        }
      }
    } catch (thrown) {
      throw guard.stalled ? this.#stalled(initial !== null, events) : thrown;
    } finally {
      guard.end();
      observer?.watchEnded(events, clock.nowMs() - startedMs);
    }
    if (guard.stalled) throw this.#stalled(initial !== null, events);
    if (signal.aborted) return;
    if (initial !== null) throw endedEarly(resource, 'before its list was complete');
    if (events === 0 && clock.nowMs() - startedMs < shortWatchMs) throw endedEarly(resource, 'at once');
  }

  /**
   * A watch on which not even one bookmark came may be one of a version that is yet to be: a server whose storage was set back to a backup
   * opens it and says nothing until it is there again. client-go is blind for so long; a new list is right in any case.
   */
  #stalled(isInitial: boolean, events: number): KubeError {
    if (isInitial) this.#listBy = 'pages once';
    else if (events === 0) this.#position = null;
    return new KubeError({
      reason: 'Unreachable',
      message: `nothing came on the watch of ${this.#options.resource.plural}, no bookmark either: the connection is taken for dead`,
    });
  }

  #gather(initial: Map<string, Item>, event: WatchEvent<Item>): void {
    if (event.type === 'BOOKMARK') return;
    if (event.type === 'DELETED') initial.delete(keyOf(event.object.metadata));
    else initial.set(keyOf(event.object.metadata), this.#kept(event.object));
  }

  #take(event: WatchEvent<Item>): void {
    const { sink, resource } = this.#options;
    if (event.type === 'BOOKMARK') {
      this.#reached(event.resourceVersion);
    } else {
      const { resourceVersion } = event.object.metadata;
      if (resourceVersion === undefined) {
        throw new KubeError({
          reason: 'Malformed',
          message: `an event of ${resource.plural} has no resourceVersion`,
        });
      }
      sink.apply({ type: event.type, object: this.#kept(event.object) });
      this.#reached(resourceVersion);
    }
    this.#malformedInRow = 0;
  }

  /** Never back: a bookmark may come late or twice. */
  #reached(resourceVersion: string): void {
    const order = this.#position === null ? null : compareResourceVersions(resourceVersion, this.#position);
    if (order !== null && order < 0) return;
    this.#position = resourceVersion;
    this.#options.sink.reached(resourceVersion);
  }

  /** A version that expires between two pages starts the list again; the third time it is asked for whole, which cannot expire. */
  async #listPages(signal: AbortSignal): Promise<void> {
    for (let expired = 0; ; expired += 1) {
      try {
        await this.#listOnce(expired < 2, signal);
        return;
      } catch (thrown) {
        if (expired >= 2 || !isExpired(thrown)) throw thrown;
      }
    }
  }

  async #listOnce(inPages: boolean, signal: AbortSignal): Promise<void> {
    const { client, resource, scope, clock } = this.#options;
    const items = new Map<string, Item>();
    let next = '';
    for (;;) {
      const page = await client.list<Item>(resource, {
        ...scope,
        ...(inPages ? { limit: pageLimit } : {}),
        ...(next === '' ? {} : { continue: next }),
        signal,
      });
      this.#lastSignMs = clock.nowMs();
      for (const item of page.items) items.set(keyOf(item.metadata), this.#kept(item));
      next = page.metadata.continue ?? '';
      if (next === '') {
        this.#replace([...items.values()], page.metadata.resourceVersion, 'pages');
        return;
      }
    }
  }

  #replace(items: readonly Item[], resourceVersion: string, way: 'stream' | 'pages'): void {
    this.#options.sink.replace(items, resourceVersion);
    this.#position = resourceVersion;
    this.#malformedInRow = 0;
    if (this.#listBy === 'pages once') this.#listBy = 'stream';
    this.#options.observer?.listed(way, items.length);
  }

  #kept(object: Item): Item {
    const { resource, transform } = this.#options;
    const kept = trimmed(resource, object);
    this.#parts.share(kept);
    return transform === undefined ? kept : transform(kept);
  }
}

function endedEarly(resource: Resource, when: string): KubeError {
  return new KubeError({
    reason: 'Unreachable',
    message: `the watch of ${resource.plural} ended ${when}`,
  });
}
