import type { JsonObject } from './json.ts';

/** One write, as watchers and histories see it. `object` of a deletion is the last state with the resourceVersion of the deletion. */
export interface Change {
  readonly resourceVersion: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly storeId: string;
  readonly key: string;
  readonly object: JsonObject;
  readonly previous: JsonObject | null;
}

/** The last changes of one kind, bounded: what is older can be neither watched from nor listed. */
export class WatchCache {
  readonly #size: number;
  #changes: Change[] = [];
  /** Everything up to it is forgotten. */
  #forgotten = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  add(change: Change): void {
    this.#changes.push(change);
    if (this.#changes.length >= 2 * this.#size) this.#trim(this.#size);
    else if (this.#changes.length > this.#size) {
      this.#forgotten =
        this.#changes[this.#changes.length - this.#size - 1]?.resourceVersion ?? this.#forgotten;
    }
  }

  /** Forgets all but the newest `keep` changes; with `through`, also that nothing is known before that resourceVersion. */
  forget(keep: number, through = 0): void {
    this.#trim(keep);
    this.#forgotten = Math.max(this.#forgotten, through);
  }

  /** Changes after the resourceVersion; null: some of them are forgotten. */
  since(resourceVersion: number): readonly Change[] | null {
    if (resourceVersion < this.#forgotten) return null;
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle]?.resourceVersion ?? 0) > resourceVersion) high = middle;
      else low = middle + 1;
    }
    return this.#changes.slice(low);
  }

  #trim(keep: number): void {
    const dropped = this.#changes.splice(0, Math.max(0, this.#changes.length - keep));
    this.#forgotten = Math.max(this.#forgotten, dropped.at(-1)?.resourceVersion ?? 0);
  }
}
