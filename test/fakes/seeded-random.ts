import type { Random } from '../../src/engine/ports.ts';

/** The Random of tests and simulations: mulberry32, so a seed gives the same run for ever. Ids count up. */
export class SeededRandom implements Random {
  #state: number;
  #ids = 0;
  readonly #prefix: string;

  constructor(seed: number, prefix = 'id') {
    this.#state = seed >>> 0;
    this.#prefix = prefix;
    this.next();
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  id(): string {
    this.#ids += 1;
    return `${this.#prefix}${this.#ids}`;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}
