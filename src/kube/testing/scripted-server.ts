import type { KubeClient, ListOptions, Patch, WatchEvent, WatchOptions } from '../client.ts';
import type { Clock } from '../clock.ts';
import { KubeError } from '../kube-error.ts';
import { keyOf, type KubeObject, type ObjectList, type ObjectName, type Resource } from '../object.ts';

/** What a script makes of a call. `stall`: nothing comes any more; `drop`: the connection breaks; `lateBookmark`: an old version. */
export type Fault =
  | { readonly kind: 'error'; readonly error: KubeError }
  | { readonly kind: 'drop' | 'stall' | 'malformed' | 'end' | 'lateBookmark' | 'expire' };

export interface Faults {
  /** Before a call is answered. */
  call?(verb: string, name: string): Fault | undefined;
  /** Before each event of a watch. */
  event?(): Fault | undefined;
}

export interface LogEntry {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/**
 * A server of one kind in memory, with the faults that a script puts in: just enough for the runtime's own tests under virtual time.
 * What it says of the API is checked elsewhere, against a fake of the whole API server and a real one.
 */
export class ScriptedServer implements KubeClient {
  readonly objects = new Map<string, KubeObject>();
  readonly calls: string[] = [];
  /** All that ever happened. */
  readonly log: LogEntry[] = [];
  faults: Faults = {};
  streams = true;
  /** Versions before it are gone. */
  compactedTo = 0;
  version = 100;
  #uids = 0;
  #history: LogEntry[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(name: ObjectName, rest: object = {}, metadata: object = {}): KubeObject {
    const before = this.objects.get(keyOf(name));
    this.version += 1;
    const uid = before?.metadata.uid ?? `uid-${(this.#uids += 1)}`;
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'Thing',
      ...rest,
      metadata: { ...metadata, ...name, uid, resourceVersion: String(this.version) },
    };
    this.objects.set(keyOf(name), object);
    this.#tell({ version: this.version, type: before === undefined ? 'ADDED' : 'MODIFIED', object });
    return object;
  }

  drop(name: ObjectName): void {
    const before = this.objects.get(keyOf(name));
    if (before === undefined) throw notFound(name);
    this.version += 1;
    this.objects.delete(keyOf(name));
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(this.version) } };
    this.#tell({ version: this.version, type: 'DELETED', object });
  }

  /** All past versions are gone, as after a compaction. */
  compact(): void {
    this.compactedTo = this.version;
    this.#history = [];
  }

  async get<Item extends KubeObject>(resource: Resource, name: ObjectName): Promise<Item> {
    await this.#called('get', resource, keyOf(name));
    const found = this.objects.get(keyOf(name));
    if (found === undefined) throw notFound(name);
    return found as Item;
  }

  async list<Item extends KubeObject>(
    resource: Resource,
    options: ListOptions = {},
  ): Promise<ObjectList<Item>> {
    await this.#called('list', resource, options.continue ?? `limit ${options.limit ?? 'none'}`);
    const [at, from] = (options.continue ?? `${this.version}@0`).split('@').map(Number);
    if (at === undefined || from === undefined || at < this.compactedTo) throw expired();
    const all = [...this.objects.values()].map(({ metadata, ...rest }) => ({
      ...rest,
      apiVersion: undefined,
      kind: undefined,
      metadata,
    }));
    const to = options.limit === undefined ? all.length : from + options.limit;
    const metadata = { resourceVersion: String(at), ...(to < all.length ? { continue: `${at}@${to}` } : {}) };
    return { metadata, items: all.slice(from, to) as unknown as Item[] };
  }

  async *watch<Item extends KubeObject>(
    resource: Resource,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<Item>> {
    try {
      yield* this.#watch<Item>(resource, options);
    } catch (thrown) {
      if (thrown !== ended) throw thrown;
    }
  }

  async *#watch<Item extends KubeObject>(
    resource: Resource,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<Item>> {
    const initial = options.sendInitialEvents === true;
    await this.#called('watch', resource, initial ? 'initial' : (options.resourceVersion ?? ''));
    if (initial && !this.streams)
      throw new KubeError({ reason: 'Invalid', code: 422, message: 'no streaming' });
    let at = initial ? this.version : Number(options.resourceVersion);
    if (at < this.compactedTo) throw expired();
    if (initial) {
      for (const object of this.objects.values())
        yield* this.#send<Item>({ version: at, type: 'ADDED', object }, options);
      yield { type: 'BOOKMARK', resourceVersion: String(at), initialEventsEnd: true };
    }
    const endMs = this.#clock.nowMs() + (options.timeoutSeconds ?? 300) * 1000;
    for (;;) {
      if (at < this.compactedTo) throw expired();
      const next = this.#history.find(({ version }) => version > at);
      if (next !== undefined) {
        yield* this.#send<Item>(next, options);
        at = next.version;
        continue;
      }
      const bookmarkMs = Math.min(this.#clock.nowMs() + 60_000, endMs);
      await this.#changeOr(bookmarkMs, options.signal);
      if (options.signal?.aborted === true) throw aborted();
      if (this.#clock.nowMs() >= endMs) return;
      if (this.#clock.nowMs() >= bookmarkMs) {
        yield { type: 'BOOKMARK', resourceVersion: String(at), initialEventsEnd: false };
      }
    }
  }

  async create<Item extends KubeObject>(resource: Resource, object: Item): Promise<Item> {
    await this.#called('create', resource, keyOf(object.metadata));
    if (this.objects.has(keyOf(object.metadata))) {
      throw new KubeError({ reason: 'AlreadyExists', code: 409, message: 'is there already' });
    }
    return this.#written(object);
  }

  async replace<Item extends KubeObject>(resource: Resource, object: Item): Promise<Item> {
    await this.#called('replace', resource, keyOf(object.metadata));
    const before = this.objects.get(keyOf(object.metadata));
    if (before === undefined) throw notFound(object.metadata);
    if (before.metadata.resourceVersion !== object.metadata.resourceVersion) {
      throw new KubeError({ reason: 'Conflict', code: 409, message: 'the object has been changed' });
    }
    return this.#written(object);
  }

  async patch<Item extends KubeObject>(resource: Resource, name: ObjectName, patch: Patch): Promise<Item> {
    await this.#called('patch', resource, keyOf(name));
    const before = this.objects.get(keyOf(name));
    if (before === undefined) throw notFound(name);
    return this.#written({ ...before, ...(patch.body as object) } as Item);
  }

  async apply<Item extends KubeObject>(resource: Resource, object: KubeObject): Promise<Item> {
    await this.#called('apply', resource, keyOf(object.metadata));
    return this.#written(object as Item);
  }

  async remove(resource: Resource, name: ObjectName): Promise<void> {
    await this.#called('remove', resource, keyOf(name));
    this.drop(name);
  }

  async raw(): Promise<unknown> {
    return {};
  }

  async close(): Promise<void> {}

  #written<Item extends KubeObject>(object: Item): Item {
    const { name, namespace, ...metadata } = object.metadata;
    return this.put(namespace === undefined ? { name } : { name, namespace }, object, metadata) as Item;
  }

  async #called(verb: string, resource: Resource, what: string): Promise<void> {
    this.calls.push(`${verb} ${resource.plural} ${what}`);
    const fault = this.faults.call?.(verb, what);
    if (fault === undefined) return;
    if (fault.kind === 'stall') await new Promise(() => {});
    if (fault.kind === 'end') throw ended;
    throw fault.kind === 'error' ? fault.error : broken();
  }

  async *#send<Item extends KubeObject>(
    entry: LogEntry,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<Item>> {
    const fault = this.faults.event?.();
    switch (fault?.kind) {
      case 'error':
        throw fault.error;
      case 'drop':
        throw broken();
      case 'end':
        throw ended;
      case 'expire':
        throw expired();
      case 'malformed':
        throw new KubeError({ reason: 'Malformed', message: 'a line is no JSON' });
      case 'stall':
        await this.#changeOr(Number.POSITIVE_INFINITY, options.signal, true);
        throw aborted();
      case 'lateBookmark':
        yield { type: 'BOOKMARK', resourceVersion: String(entry.version - 5), initialEventsEnd: false };
        break;
      default:
    }
    yield { type: entry.type, object: entry.object as Item };
  }

  #tell(entry: LogEntry): void {
    this.log.push(entry);
    this.#history.push(entry);
    for (const listener of this.#listeners) listener();
  }

  #changeOr(instantMs: number, signal: AbortSignal | undefined, onlySignal = false): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#listeners.delete(end);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const cancel = Number.isFinite(instantMs) ? this.#clock.at(instantMs, end) : () => {};
      if (!onlySignal) this.#listeners.add(end);
      signal?.addEventListener('abort', end);
      if (signal?.aborted === true) end();
    });
  }
}

/** The server ends the watch, as it does now and then. */
const ended = new Error('the watch ends');

function notFound({ name }: ObjectName): KubeError {
  return new KubeError({ reason: 'NotFound', code: 404, message: `${name} is not there` });
}

function expired(): KubeError {
  return new KubeError({ reason: 'Expired', code: 410, message: 'the resourceVersion is too old' });
}

function broken(): KubeError {
  return new KubeError({ reason: 'Unreachable', message: 'the connection broke' });
}

function aborted(): KubeError {
  return new KubeError({ reason: 'Aborted', message: 'the watch was stopped' });
}
