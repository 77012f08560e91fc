import { malformed } from './read-body.ts';

const newline = 0x0a;

/**
 * Lines of a body that comes in chunks, empty ones left out. Cutting happens before decoding, so a letter may be split anywhere between
 * two chunks. Throws `Malformed` on a line over `maxBytes`, before more than that is held, and on a last line without its end.
 */
export class LineCutter {
  readonly #what: string;
  readonly #maxBytes: number;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(what: string, maxBytes: number) {
    this.#what = what;
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in this chunk. */
  *cut(chunk: Uint8Array): Generator<Uint8Array> {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#hold(chunk.subarray(start, end));
      start = end + 1;
      const [first, ...rest] = this.#held;
      const bytes = this.#heldBytes;
      this.#held = [];
      this.#heldBytes = 0;
      if (first !== undefined) yield rest.length === 0 ? first : Buffer.concat([first, ...rest], bytes);
    }
    this.#hold(chunk.subarray(start));
  }

  /** After the last chunk. */
  end(): void {
    if (this.#heldBytes > 0) throw malformed(`${this.#what}: the server ended in the middle of a line`);
  }

  #hold(part: Uint8Array): void {
    this.#heldBytes += part.length;
    if (this.#heldBytes > this.#maxBytes)
      throw malformed(
        `${this.#what}: the server sent a line of more than ${this.#maxBytes} bytes, which no object is`,
      );
    if (part.length > 0) this.#held.push(part);
  }
}
