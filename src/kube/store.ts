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
  #indexes = new Map<string, Index>();

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
    this.#index(key, before, object);
    this.#objects.set(key, object);
    return changes(before, object);
  }

  delete(key: string): readonly StoreChange<Item>[] {
    const before = this.#objects.get(key);
    if (before === undefined) return [];
    this.#index(key, before, undefined);
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
      for (const [name, valuesOf] of this.#functions) enter(indexes.get(name), key, valuesOf(object));
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

  #emptyIndexes(): Map<string, Index> {
    return new Map([...this.#functions.keys()].map((name) => [name, new Map()]));
  }

  /** Most changes move nothing. All functions are asked before anything moves: one that throws leaves the store as it was. */
  #index(key: string, before: Item | undefined, object: Item | undefined): void {
    const moves: (() => void)[] = [];
    for (const [name, valuesOf] of this.#functions) {
      const was = before === undefined ? [] : valuesOf(before);
      const is = object === undefined ? [] : valuesOf(object);
      if (was.length === is.length && was.every((value, at) => value === is[at])) continue;
      const index = this.#indexes.get(name);
      moves.push(() => {
        leave(index, key, was);
        enter(index, key, is);
      });
    }
    for (const move of moves) move();
  }
}

type Index = Map<string, Set<string>>;

function enter(index: Index | undefined, key: string, values: readonly string[]): void {
  for (const value of values) {
    const keys = index?.get(value);
    if (keys === undefined) index?.set(value, new Set([key]));
    else keys.add(key);
  }
}

function leave(index: Index | undefined, key: string, values: readonly string[]): void {
  for (const value of values) {
    const keys = index?.get(value);
    keys?.delete(key);
    if (keys?.size === 0) index?.delete(value);
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
