import { asList, asText, at, type JsonObject, metaOf, uidOf, withMeta } from './json.ts';
import { type Change, WatchCache } from './watch-cache.ts';

interface Collection {
  readonly objects: Map<string, JsonObject>;
  readonly cache: WatchCache;
  /** Keys in order; null after one came or went. */
  sorted: readonly string[] | null;
}

/** All objects of all kinds under one resourceVersion that only rises. */
export class Store {
  readonly #windowEvents: number;
  readonly #collections = new Map<string, Collection>();
  readonly #listeners = new Set<(change: Change) => void>();
  /** uid → where the object is. */
  readonly #byUid = new Map<string, { readonly storeId: string; readonly key: string }>();
  /** uid of an owner → uids of what it owns. */
  readonly #owned = new Map<string, Set<string>>();
  #resourceVersion = 1;

  constructor(windowEvents: number) {
    this.#windowEvents = windowEvents;
  }

  get resourceVersion(): number {
    return this.#resourceVersion;
  }

  get storeIds(): readonly string[] {
    return [...this.#collections.keys()];
  }

  get(storeId: string, key: string): JsonObject | null {
    return this.#collections.get(storeId)?.objects.get(key) ?? null;
  }

  find(uid: string): { readonly storeId: string; readonly key: string; readonly object: JsonObject } | null {
    const where = this.#byUid.get(uid);
    const object = where === undefined ? null : this.get(where.storeId, where.key);
    return where === undefined || object === null ? null : { ...where, object };
  }

  /** Uids of the objects that name the owner. */
  ownedBy(uid: string): readonly string[] {
    return [...(this.#owned.get(uid) ?? [])];
  }

  /** Keys and objects in order of the keys. */
  list(storeId: string): readonly (readonly [string, JsonObject])[] {
    const collection = this.#collections.get(storeId);
    if (collection === undefined) return [];
    collection.sorted ??= [...collection.objects.keys()].sort();
    return collection.sorted.flatMap((key) => {
      const object = collection.objects.get(key);
      return object === undefined ? [] : [[key, object] as const];
    });
  }

  /** As it was at that resourceVersion; null: that is forgotten. */
  listAt(storeId: string, resourceVersion: number): readonly (readonly [string, JsonObject])[] | null {
    const later = this.cacheOf(storeId).since(resourceVersion);
    if (later === null) return null;
    if (later.length === 0) return this.list(storeId);
    const objects = new Map(this.list(storeId));
    for (const { key, previous } of later.toReversed()) {
      if (previous === null) objects.delete(key);
      else objects.set(key, previous);
    }
    return [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Writes under a new resourceVersion, and says what was written. */
  put(storeId: string, key: string, object: JsonObject): JsonObject {
    const collection = this.#collection(storeId);
    const previous = collection.objects.get(key) ?? null;
    const stored = this.#stamped(object);
    collection.objects.set(key, stored);
    if (previous === null) collection.sorted = null;
    this.#index(previous, null, storeId, key);
    this.#index(null, stored, storeId, key);
    this.#tell({ type: previous === null ? 'ADDED' : 'MODIFIED', storeId, key, object: stored, previous });
    return stored;
  }

  /** The last state, under the resourceVersion of the deletion. */
  remove(storeId: string, key: string): JsonObject | null {
    const collection = this.#collection(storeId);
    const previous = collection.objects.get(key);
    if (previous === undefined) return null;
    collection.objects.delete(key);
    collection.sorted = null;
    this.#index(previous, null, storeId, key);
    const last = this.#stamped(previous);
    this.#tell({ type: 'DELETED', storeId, key, object: last, previous });
    return last;
  }

  cacheOf(storeId: string): WatchCache {
    return this.#collection(storeId).cache;
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** As etcd compacts: no older resourceVersion can be watched from or listed. */
  compact(): void {
    for (const { cache } of this.#collections.values()) cache.forget(0, this.#resourceVersion);
  }

  #collection(storeId: string): Collection {
    let collection = this.#collections.get(storeId);
    if (collection === undefined) {
      collection = { objects: new Map(), cache: new WatchCache(this.#windowEvents), sorted: [] };
      this.#collections.set(storeId, collection);
    }
    return collection;
  }

  #stamped(object: JsonObject): JsonObject {
    this.#resourceVersion += 1;
    return withMeta(object, { resourceVersion: String(this.#resourceVersion) });
  }

  #index(was: JsonObject | null, is: JsonObject | null, storeId: string, key: string): void {
    for (const owner of ownersOf(was)) this.#owned.get(owner)?.delete(uidOf(was ?? {}));
    if (was !== null) this.#byUid.delete(uidOf(was));
    if (is === null) return;
    this.#byUid.set(uidOf(is), { storeId, key });
    for (const owner of ownersOf(is)) {
      const owned = this.#owned.get(owner) ?? new Set<string>();
      owned.add(uidOf(is));
      this.#owned.set(owner, owned);
    }
  }

  #tell(change: Omit<Change, 'resourceVersion'>): void {
    const whole = { ...change, resourceVersion: this.#resourceVersion };
    this.#collection(change.storeId).cache.add(whole);
    for (const listener of this.#listeners) listener(whole);
  }
}

function ownersOf(object: JsonObject | null): readonly string[] {
  if (object === null) return [];
  return asList(metaOf(object)['ownerReferences']).map((owner) => asText(at(owner, 'uid')));
}
