import type { KubeClient } from './client.ts';
import type { Clock, Random } from './clock.ts';
import { keyOf, type KubeObject, type ObjectName, type Resource } from './object.ts';
import { type ObjectEvent, Reflector, type ReflectorObserver, type Scope } from './reflector.ts';
import { messageOf, type Report } from './report.ts';
import { type IndexFunction, namespaceIndex, ownerIndex, Store, type StoreChange } from './store.ts';
import { priorities } from './work-queue.ts';

/** Reads of the cache: what the server said some milliseconds ago. The objects are shared; nobody changes them. */
export interface Lister<Item extends KubeObject> {
  get(name: ObjectName): Item | undefined;
  list(): readonly Item[];
  inNamespace(namespace: string): readonly Item[];
  ownedBy(uid: string): readonly Item[];
  by(index: string, value: string): readonly Item[];
}

/** Where keys go: a work queue. */
export interface KeySink {
  add(key: string, priority: number): void;
}

export interface InformerOptions<Item extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope?: Scope;
  /** Besides those by namespace and by owner. */
  readonly indexes?: Readonly<Record<string, IndexFunction<Item>>>;
  /** What of an object is kept; client-go's `TransformFunc`. Name, namespace, uid, owners and resourceVersion must stay. */
  readonly transform?: (object: Item) => Item;
  readonly report?: Report;
  readonly observer?: ReflectorObserver;
}

const resyncMs = 600_000;
const resyncSpread = 0.1;

interface Feed<Item extends KubeObject> {
  readonly queue: KeySink;
  readonly keysOf: (object: Item) => readonly string[];
}

/**
 * One kind of object, kept as the server has it. client-go's `SharedIndexInformer`, with one difference in what may be done with a change:
 * nobody is handed the event, only keys go out, so nothing can be decided from one. A change speaks for the object before and after it:
 * an object that moves from one owner to another wakes both. First lists and resyncs come at low priority.
 */
export class Informer<Item extends KubeObject> {
  readonly resource: Resource;
  readonly lister: Lister<Item>;
  readonly #store: Store<Item>;
  readonly #reflector: Reflector<Item>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #report: Report | undefined;
  readonly #feeds: Feed<Item>[] = [];
  readonly #listeners = new Set<() => void>();
  #resourceVersion: string | null = null;

  constructor(options: InformerOptions<Item>) {
    const { resource, clock, random, transform } = options;
    this.resource = resource;
    this.#clock = clock;
    this.#random = random;
    this.#report = options.report;
    const indexes = Object.entries(options.indexes ?? {}).map(([name, valuesOf]) => [
      name,
      (object: Item) => this.#asked(`index ${name}`, object, valuesOf, []),
    ]);
    const store = new Store<Item>({
      ...(Object.fromEntries(indexes) as Record<string, IndexFunction<Item>>),
      namespace: namespaceIndex,
      owner: ownerIndex,
    });
    this.#store = store;
    this.lister = {
      get: (name) => store.get(keyOf(name)),
      list: () => store.list(),
      inNamespace: (namespace) => store.byIndex('namespace', namespace),
      ownedBy: (uid) => store.byIndex('owner', uid),
      by: (index, value) => store.byIndex(index, value),
    };
    this.#reflector = new Reflector<Item>({
      ...options,
      ...(transform === undefined
        ? {}
        : { transform: (object: Item) => this.#asked('transform', object, transform, object) }),
      sink: {
        replace: (items, resourceVersion) => this.#replace(items, resourceVersion),
        apply: (event) => this.#apply(event),
        reached: (resourceVersion) => this.#reached(resourceVersion),
      },
    });
  }

  /** Whether the cache has held the whole state once. It stays true while the server is away. */
  get synced(): boolean {
    return this.#resourceVersion !== null;
  }

  /** All up to here is in the cache. */
  get resourceVersion(): string | null {
    return this.#resourceVersion;
  }

  get size(): number {
    return this.#store.size;
  }

  get lastSignMs(): number {
    return this.#reflector.lastSignMs;
  }

  /** Puts the keys that a changed object concerns into the queue: its own unless `keysOf` says others. At once also for what is there. */
  feed(queue: KeySink, keysOf: (object: Item) => readonly string[] = ownKey): void {
    const feed = { queue, keysOf };
    this.#feeds.push(feed);
    for (const object of this.#store.list()) this.#tellOne(feed, object, priorities.low);
  }

  /** Calls back whenever `resourceVersion` has moved; returns a stop. */
  onProgress(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Follows the server until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    let cancel = (): void => {};
    const resyncLater = (): void => {
      const delayMs = resyncMs * (1 + resyncSpread * (2 * this.#random() - 1));
      cancel = this.#clock.at(this.#clock.nowMs() + delayMs, () => {
        for (const object of this.#store.list()) this.#tell(object, priorities.low);
        resyncLater();
      });
    };
    resyncLater();
    try {
      await this.#reflector.run(signal);
    } finally {
      cancel();
    }
  }

  /** False: the signal came first. */
  whenSynced(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.synced && !signal.aborted) return;
        stop();
        signal.removeEventListener('abort', look);
        resolve(this.synced);
      };
      const stop = this.onProgress(look);
      signal.addEventListener('abort', look);
      look();
    });
  }

  #replace(items: readonly Item[], resourceVersion: string): void {
    const first = !this.synced;
    this.#tellAll(this.#store.replace(items), first ? priorities.low : priorities.normal);
    this.#reached(resourceVersion);
  }

  #apply({ type, object }: ObjectEvent<Item>): void {
    const key = keyOf(object.metadata);
    this.#tellAll(type === 'DELETED' ? this.#store.delete(key) : this.#store.set(object), priorities.normal);
  }

  #reached(resourceVersion: string): void {
    this.#resourceVersion = resourceVersion;
    for (const listener of this.#listeners) listener();
  }

  #tellAll(changes: readonly StoreChange<Item>[], priority: number): void {
    for (const change of changes) {
      if (change.kind === 'updated') this.#tell(change.before, priority);
      this.#tell(change.object, priority);
    }
  }

  #tell(object: Item, priority: number): void {
    for (const feed of this.#feeds) this.#tellOne(feed, object, priority);
  }

  #tellOne({ queue, keysOf }: Feed<Item>, object: Item, priority: number): void {
    for (const key of this.#asked('keys', object, keysOf, [])) queue.add(key, priority);
  }

  /**
   * What the owner's function says of an object. Anybody may have written it: a function that trips over one is reported, and all other
   * objects, indexes and queues go on. In client-go it would end the process.
   */
  #asked<Answer>(what: string, object: Item, ask: (object: Item) => Answer, otherwise: Answer): Answer {
    try {
      return ask(object);
    } catch (error) {
      const where = `informer ${this.resource.plural}, ${what} of ${keyOf(object.metadata)}`;
      this.#report?.({ where, message: messageOf(error), error });
      return otherwise;
    }
  }
}

function ownKey(object: KubeObject): readonly string[] {
  return [keyOf(object.metadata)];
}
