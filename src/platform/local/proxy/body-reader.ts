import { parseFieldLines } from './head-syntax.ts';
import type { Framing } from './request-head.ts';

const maxSizeDigits = 12;
const maxSizeLineBytes = 256;
const maxTrailerBytes = 8 * 1024;
const maxTrailers = 50;

/** Fields that change how a message is read or routed, or that only this hop may set: never taken from a trailer. */
const forbiddenTrailers = new Set([
  'content-length',
  'transfer-encoding',
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'authorization',
  'proxy-authorization',
  'proxy-authenticate',
  'www-authenticate',
  'cookie',
  'set-cookie',
  'content-encoding',
  'content-type',
  'content-range',
  'range',
  'cache-control',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
]);

type ChunkState = 'size' | 'extension' | 'sizeLf' | 'data' | 'dataCr' | 'dataLf' | 'trailer';

const hexValue = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i += 1) {
  hexValue['0123456789abcdef'.charCodeAt(i)] = i;
  hexValue['0123456789ABCDEF'.charCodeAt(i)] = i;
}

/**
 * Follows a body through the bytes of a connection and hands on what is to be forwarded, without holding any of it. A
 * chunked body is checked byte for byte and handed on as it came (RFC 9112 7.1, without its leniences), so both ends see
 * the same chunks; with `dechunk` only its contents are handed on. Trailers are held, filtered and handed on at the end.
 */
export class BodyReader {
  done: boolean;
  readonly #kind: Framing['kind'];
  readonly #dechunk: boolean;
  readonly #emit: (data: Buffer) => void;
  #left: number;
  #state: ChunkState = 'size';
  #digits = 0;
  #lineBytes = 0;
  #trailer = '';

  constructor(framing: Framing, dechunk: boolean, emit: (data: Buffer) => void) {
    this.#kind = framing.kind;
    this.#dechunk = dechunk;
    this.#emit = emit;
    this.#left = framing.kind === 'length' ? framing.length : 0;
    this.done = framing.kind === 'none';
  }

  get untilClose(): boolean {
    return this.#kind === 'close';
  }

  /** Takes the body's bytes from `from` on; gives the offset behind them, -1 if they are no body. */
  push(data: Buffer, from: number): number {
    if (this.done) return from;
    switch (this.#kind) {
      case 'length': {
        const end = Math.min(data.length, from + this.#left);
        this.#left -= end - from;
        this.done = this.#left === 0;
        this.#pass(data, from, end);
        return end;
      }
      case 'close':
        this.#pass(data, from, data.length);
        return data.length;
      case 'chunked':
        return this.#pushChunked(data, from);
      case 'none':
        return from;
    }
  }

  #pass(data: Buffer, from: number, end: number): void {
    if (end > from) this.#emit(from === 0 && end === data.length ? data : data.subarray(from, end));
  }

  #pushChunked(data: Buffer, from: number): number {
    let at = from;
    let rawFrom = from;
    while (at < data.length) {
      if (this.#state === 'data') {
        const end = Math.min(data.length, at + this.#left);
        if (this.#dechunk) this.#pass(data, at, end);
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = 'dataCr';
      } else if (this.#state === 'trailer') {
        if (this.#trailer === '' && data[at] === 0x0d && data[at + 1] === 0x0a) {
          if (!this.#dechunk) this.#pass(data, rawFrom, at + 2);
          this.done = true;
          return at + 2;
        }
        if (!this.#dechunk) this.#pass(data, rawFrom, at);
        const end = this.#readTrailer(data, at);
        if (end === -1) return -1;
        at = end;
        rawFrom = at;
        if (this.done) return at;
      } else {
        if (!this.#step(data[at] ?? 0)) return -1;
        at += 1;
      }
    }
    if (!this.#dechunk) this.#pass(data, rawFrom, at);
    return at;
  }

  /** One byte outside of the contents. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case 'size': {
        const digit = hexValue[byte] ?? -1;
        if (digit !== -1) {
          this.#left = this.#left * 16 + digit;
          this.#digits += 1;
          return this.#digits <= maxSizeDigits;
        }
        this.#state = byte === 0x0d ? 'sizeLf' : 'extension';
        return this.#digits > 0 && (byte === 0x0d || byte === 0x3b);
      }
      case 'extension':
        this.#lineBytes += 1;
        if (byte === 0x0d) this.#state = 'sizeLf';
        return this.#lineBytes <= maxSizeLineBytes && (byte === 0x0d || (byte >= 0x20 && byte < 0x7f));
      case 'sizeLf':
        this.#state = this.#left === 0 ? 'trailer' : 'data';
        this.#digits = 0;
        this.#lineBytes = 0;
        return byte === 0x0a;
      case 'dataCr':
        this.#state = 'dataLf';
        return byte === 0x0d;
      case 'dataLf':
        this.#state = 'size';
        return byte === 0x0a;
      case 'data':
      case 'trailer':
        return false;
    }
  }

  #readTrailer(data: Buffer, from: number): number {
    const before = this.#trailer.length;
    const text =
      this.#trailer + data.toString('latin1', from, Math.min(data.length, from + maxTrailerBytes + 4));
    const end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n');
    if (end === -1) {
      this.#trailer = text;
      return text.length > maxTrailerBytes || hasBareLineEnd(text) || text.startsWith('\n')
        ? -1
        : data.length;
    }
    const lines = end === 0 ? '' : text.slice(0, end + 2);
    const kept = filterTrailers(lines);
    if (kept === null) return -1;
    if (!this.#dechunk) this.#emit(Buffer.from(`${kept}\r\n`, 'latin1'));
    this.done = true;
    return from + lines.length + 2 - before;
  }
}

function filterTrailers(lines: string): string | null {
  if (lines === '') return '';
  const fields = parseFieldLines(lines, 0, maxTrailers);
  if (typeof fields === 'string') return null;
  let kept = '';
  for (const field of fields)
    if (!forbiddenTrailers.has(field.name)) kept += lines.slice(field.start, field.end);
  return kept;
}

/** A line end within the text that is not CRLF; a CR at the very end may still become one. */
export function hasBareLineEnd(text: string): boolean {
  return /[^\r]\n|\r[^\n]/.test(text);
}
