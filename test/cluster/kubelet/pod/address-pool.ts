/** IPv4 addresses of one range. One that was given back comes again only after all others. */
export class AddressPool {
  readonly #base: number;
  readonly #size: number;
  readonly #taken = new Set<number>();
  #next = 1;

  /** `10.244.0.0/16` */
  constructor(range: string) {
    const [address = '', bits = ''] = range.split('/');
    this.#size = 2 ** (32 - Number(bits));
    this.#base = numberOf(address) - (numberOf(address) % this.#size);
  }

  /** Throws if all are taken. The first and the last of the range are never given. */
  allocate(): string {
    for (let tried = 0; tried < this.#size; tried += 1) {
      const offset = this.#next;
      this.#next = (this.#next + 1) % this.#size;
      if (offset === 0 || offset === this.#size - 1 || this.#taken.has(offset)) continue;
      this.#taken.add(offset);
      return textOf(this.#base + offset);
    }
    throw new Error('no address is left for pods');
  }

  /** Takes an address that a pod has already; those after it come next. One of another range is left alone. */
  adopt(address: string): void {
    const offset = numberOf(address) - this.#base;
    if (offset < 0 || offset >= this.#size) return;
    this.#taken.add(offset);
    this.#next = Math.max(this.#next, (offset + 1) % this.#size);
  }

  release(address: string): void {
    this.#taken.delete(numberOf(address) - this.#base);
  }
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
