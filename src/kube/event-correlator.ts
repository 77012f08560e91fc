import { LruMap } from './lru-map.ts';
import type { KubeObject } from './object.ts';
import { TokenBucket } from './token-bucket.ts';

/** What happened to an object, for whoever asks `kubectl describe`. */
export interface EventNote {
  readonly object: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase, of a fixed set. */
  readonly reason: string;
  readonly message: string;
}

/** What to do with it. `count` > 1: the same event was written before, under `name`. */
export type Correlated =
  | { readonly kind: 'write'; readonly event: EventOccurrence }
  /** This object's events are too many. */
  | { readonly kind: 'dropped' };

export interface EventOccurrence {
  readonly note: EventNote;
  readonly name: string;
  readonly count: number;
  readonly firstAtWallMs: number;
  readonly lastAtWallMs: number;
}

interface Similar {
  readonly messages: Set<string>;
  readonly lastAtMs: number;
}

interface Written {
  readonly name: string;
  readonly count: number;
  readonly firstAtWallMs: number;
}

const cacheSize = 4096;
/** More different messages than this, of one object and reason, are one event. */
const maxSimilar = 10;
const similarWithinMs = 600_000;
const burst = 25;
const perSecond = 1 / 300;

/**
 * Keeps events few, with client-go's numbers: the same event again raises `count`; more than 10 of one object and reason with different
 * messages within 10 minutes of one another become one; each object has 25 events, and one more each 5 minutes. client-go's combined event
 * starts with the tenth message, here with the eleventh.
 */
export class EventCorrelator {
  readonly #similar = new LruMap<string, Similar>(cacheSize);
  readonly #written = new LruMap<string, Written>(cacheSize);
  readonly #buckets = new LruMap<string, TokenBucket>(cacheSize);

  /** `nowMs` to measure, `wallMs` to write. */
  correlate(note: EventNote, nowMs: number, wallMs: number): Correlated {
    const { object, type, reason, message } = note;
    const { kind, metadata } = object;
    const objectKey = [kind, metadata.namespace ?? '', metadata.name, metadata.uid ?? ''].join('\n');
    const similarKey = [objectKey, type, reason].join('\n');
    const isCombined = this.#isCombined(similarKey, message, nowMs);
    const eventKey = isCombined ? similarKey : [similarKey, message].join('\n');
    const before = this.#written.get(eventKey);
    const first = before ?? {
      name: eventName(metadata.name, wallMs, eventKey),
      count: 0,
      firstAtWallMs: wallMs,
    };
    const written = { ...first, count: first.count + 1 };
    this.#written.set(eventKey, written);
    if (!this.#bucketOf(objectKey, nowMs).take(nowMs)) return { kind: 'dropped' };
    const shown = isCombined ? { ...note, message: `(combined from similar events): ${message}` } : note;
    return { kind: 'write', event: { ...written, note: shown, lastAtWallMs: wallMs } };
  }

  #isCombined(key: string, message: string, nowMs: number): boolean {
    const before = this.#similar.get(key);
    const isFresh = before !== undefined && nowMs - before.lastAtMs <= similarWithinMs;
    const messages = isFresh ? before.messages : new Set<string>();
    if (messages.size < maxSimilar) messages.add(message);
    this.#similar.set(key, { messages, lastAtMs: nowMs });
    return messages.size >= maxSimilar && !messages.has(message);
  }

  #bucketOf(key: string, nowMs: number): TokenBucket {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(perSecond, burst, nowMs);
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

/** As client-go names them, by time, and by what they are: two of one object in one millisecond do not collide. */
function eventName(objectName: string, wallMs: number, key: string): string {
  let hash = 0;
  for (let at = 0; at < key.length; at += 1) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) >>> 0;
  return `${objectName}.${wallMs.toString(16)}${hash.toString(16).padStart(8, '0')}`;
}
