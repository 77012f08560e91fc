import { StringDecoder } from 'node:string_decoder';

/** Cuts a byte stream into lines, with a bound on the length of one. */
export class LineReader {
  readonly #limit: number;
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(limit: number, onLine: (line: string) => void) {
    this.#limit = limit;
    this.#onLine = onLine;
  }

  /** False: a line is longer than the limit, and the connection is of no more use. */
  push(data: Buffer): boolean {
    const text = this.#rest + this.#decoder.write(data);
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      if (end - from > this.#limit) return false;
      const line = text.slice(from, end);
      from = end + 1;
      if (line !== '') this.#onLine(line);
    }
    this.#rest = text.slice(from);
    return this.#rest.length <= this.#limit;
  }
}
