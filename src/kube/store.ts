import { keyOf, type KubeObject } from './object.ts';

/** Values under which an object is found; none: it is not in that index. Pure: asked again when the object leaves. */
export type IndexFunction<Item extends KubeObject> = (object: Item) => readonly string[];

export type StoreChange<Item extends KubeObject> =
  | { readonly kind: 'added'; readonly object: Item }
  | { readonly kind: 'updated'; readonly before: Item; readonly object: Item }
  | { readonly kind: 'deleted'; readonly object: Item };

/** By namespace; '' for cluster-wide objects. */
export function namespaceIndex(object: KubeObject): readonly string[] {
  return [object.metadata.namespace ?? ''];
}

/** By the uid of each owner. */
export function ownerIndex(object: KubeObject): readonly string[] {
  return (object.metadata.ownerReferences ?? []).map(({ uid }) => uid);
}

/**
 * Objects of one kind by key, and by any index. client-go's `ThreadSafeStore` and the diff of `DeltaFIFO.Replace` in one, with two
 * differences: an object of another uid under the same key is a deletion and an addition, not an update; and what a new list brings
 * unchanged is no change.
 */
export class Store<Item extends KubeObject> {
  #objects = new Map<string, Item>();
  readonly #functions: ReadonlyMap<string, IndexFunction<Item>>;
  #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(indexes: Readonly<Record<string, IndexFunction<Item>>> = {}) {
    this.#functions = new Map(Object.entries(indexes));
    this.#indexes = this.#emptyIndexes();
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Item | undefined {
    return this.#objects.get(key);
  }

  list(): readonly Item[] {
    return [...this.#objects.values()];
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }

  /** In the order in which they came. An index that was not given is a mistake in the program: it throws. */
  byIndex(name: string, value: string): readonly Item[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new RangeError(`no index is named ${name}`);
    const found: Item[] = [];
    for (const key of index.get(value) ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  set(object: Item): readonly StoreChange<Item>[] {
    const key = keyOf(object.metadata);
    const before = this.#objects.get(key);
    const entries = this.#entriesOf(object);
    if (before !== undefined) this.#unindex(key, before);
    this.#objects.set(key, object);
    index(this.#indexes, key, entries);
    return changes(before, object);
  }

  delete(key: string): readonly StoreChange<Item>[] {
    const before = this.#objects.get(key);
    if (before === undefined) return [];
    this.#unindex(key, before);
    this.#objects.delete(key);
    return [{ kind: 'deleted', object: before }];
  }

  /** The state of a new list, all at once: readers see the old one or the new one. Deletions are what is not in it. */
  replace(items: readonly Item[]): readonly StoreChange<Item>[] {
    const objects = new Map<string, Item>();
    const indexes = this.#emptyIndexes();
    const found: StoreChange<Item>[] = [];
    for (const object of items) {
      const key = keyOf(object.metadata);
      objects.set(key, object);
      index(indexes, key, this.#entriesOf(object));
    }
    for (const [key, before] of this.#objects) {
      if (!objects.has(key)) found.push({ kind: 'deleted', object: before });
    }
    for (const [key, object] of objects) {
      const before = this.#objects.get(key);
      if (before === undefined || !isSame(before, object)) found.push(...changes(before, object));
    }
    this.#objects = objects;
    this.#indexes = indexes;
    return found;
  }

  #emptyIndexes(): Map<string, Map<string, Set<string>>> {
    return new Map([...this.#functions.keys()].map((name) => [name, new Map()]));
  }

  #entriesOf(object: Item): readonly (readonly [string, readonly string[]])[] {
    return [...this.#functions].map(([name, valuesOf]) => [name, valuesOf(object)]);
  }

  #unindex(key: string, before: Item): void {
    for (const [name, values] of this.#entriesOf(before)) {
      const index = this.#indexes.get(name);
      for (const value of values) {
        const keys = index?.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index?.delete(value);
      }
    }
  }
}

function index(
  indexes: Map<string, Map<string, Set<string>>>,
  key: string,
  entries: readonly (readonly [string, readonly string[]])[],
): void {
  for (const [name, values] of entries) {
    const index = indexes.get(name);
    for (const value of values) {
      const keys = index?.get(value);
      if (keys === undefined) index?.set(value, new Set([key]));
      else keys.add(key);
    }
  }
}

function isSame(a: KubeObject, b: KubeObject): boolean {
  const { uid, resourceVersion } = b.metadata;
  return (
    resourceVersion !== undefined && a.metadata.resourceVersion === resourceVersion && a.metadata.uid === uid
  );
}

function changes<Item extends KubeObject>(
  before: Item | undefined,
  object: Item,
): readonly StoreChange<Item>[] {
  if (before === undefined) return [{ kind: 'added', object }];
  if (before.metadata.uid === object.metadata.uid) return [{ kind: 'updated', before, object }];
  return [
    { kind: 'deleted', object: before },
    { kind: 'added', object },
  ];
}
