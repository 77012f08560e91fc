/** Parts that came at least twice, in each of two generations. */
const generationSize = 16_384;
/** Hashes of parts that came once: a power of two, and four bytes for each. */
const seenSize = 32_768;
/** V8 keeps shorter texts of JSON once by itself. */
const shortText = 10;
/** Of a long text, so many characters at each end are hashed. */
const hashedText = 32;

type Part = string | readonly unknown[] | Readonly<Record<string, unknown>>;

/**
 * Keeps equal parts of many objects once: a thousand pods of one template have one list of environment variables between them. client-go
 * has nothing of the kind, and a pod in its cache takes its whole size; here the objects of a cache are never changed, so they may share.
 * What came once is only remembered by its hash, so that the table holds no part that nothing else holds; it is bounded, and forgets what
 * did not come again for long.
 */
export class SharedParts {
  /** By their last bits; a newer one takes the place of an older one. */
  readonly #seen = new Int32Array(seenSize);
  #young = new Map<number, Part>();
  #old = new Map<number, Part>();
  /** Of the part that was looked at last. */
  #hash = 0;

  /** Puts shared parts into an object that nobody else has yet: what was just read from JSON. It stays itself. */
  share(object: object): void {
    this.#replaceParts(object as Record<string, unknown>);
  }

  #shared(value: unknown): unknown {
    if (typeof value === 'string') {
      this.#hash = hashOfText(value);
      return value.length <= shortText ? value : this.#kept(value);
    }
    if (typeof value !== 'object' || value === null) {
      this.#hash = typeof value === 'number' ? value | 0 : hashOfText(String(value));
      return value;
    }
    if (Array.isArray(value)) {
      let hash = value.length + 1;
      for (let at = 0; at < value.length; at += 1) {
        value[at] = this.#shared(value[at]);
        hash = mixed(hash, this.#hash);
      }
      this.#hash = hash;
    } else {
      this.#replaceParts(value as Record<string, unknown>);
    }
    return this.#kept(value as Part);
  }

  #replaceParts(record: Record<string, unknown>): void {
    let hash = 7;
    for (const key of Object.keys(record)) {
      // Also where they are equal: two equal texts may be two.
      record[key] = this.#shared(record[key]);
      hash = mixed(mixed(hash, hashOfText(key)), this.#hash);
    }
    this.#hash = hash;
  }

  /** The equal one that is kept already, else this one. */
  #kept(part: Part): Part {
    const hash = this.#hash;
    const young = this.#young.get(hash);
    if (young !== undefined) return isSame(young, part) ? young : part;
    const old = this.#old.get(hash);
    if (old !== undefined && isSame(old, part)) {
      this.#keep(hash, old);
      return old;
    }
    const place = hash & (seenSize - 1);
    if (this.#seen[place] === hash) this.#keep(hash, part);
    else this.#seen[place] = hash;
    return part;
  }

  #keep(hash: number, part: Part): void {
    if (this.#young.size >= generationSize) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(hash, part);
  }
}

/** Of parts whose own parts are shared already. */
function isSame(a: Part, b: Part): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((value, at) => value === b[at]);
  }
  if (Array.isArray(b)) return false;
  const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => left[key] === right[key] && Object.hasOwn(right, key))
  );
}

function hashOfText(text: string): number {
  let hash = text.length;
  const head = Math.min(text.length, hashedText);
  for (let at = 0; at < head; at += 1) hash = mixed(hash, text.charCodeAt(at));
  for (let at = Math.max(head, text.length - hashedText); at < text.length; at += 1)
    hash = mixed(hash, text.charCodeAt(at));
  return hash;
}

function mixed(hash: number, next: number): number {
  const product = Math.imul(hash ^ next, 0x01_00_01_93);
  return product ^ (product >>> 15);
}
