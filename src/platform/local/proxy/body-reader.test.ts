import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyReader } from './body-reader.ts';
import type { Framing } from './request-head.ts';

/** Feeds the text in pieces of the given lengths; what was handed on, and where the body ended. */
function read(framing: Framing, text: string, pieces: readonly number[], dechunk = false) {
  let out = '';
  const reader = new BodyReader(framing, dechunk, (data) => {
    out += data.toString('latin1');
  });
  let at = 0;
  let turn = 0;
  while (at < text.length && !reader.done) {
    const size = pieces.length === 0 ? text.length : (pieces[turn % pieces.length] ?? 1);
    const piece = Buffer.from(text.slice(at, at + size), 'latin1');
    const end = reader.push(piece, 0);
    if (end === -1) return { out, end: -1, done: reader.done };
    at += end;
    turn += 1;
    if (end < piece.length && !reader.done) throw new Error('a byte was left over in the middle');
  }
  return { out, end: at, done: reader.done };
}

const content = fc.array(
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  { maxLength: 6 },
);
const pieces = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 });
const trailer = fc.constantFrom('', 'X-A: 1\r\n', 'X-A: 1\r\nX-B: 2\r\n');

function chunked(parts: readonly string[], end: string): string {
  return `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n${end}\r\n`;
}

test('a chunked body is handed on as it came, however it is cut, and ends where it ends', () => {
  fc.assert(
    fc.property(content, trailer, pieces, (parts, end, cuts) => {
      const body = chunked(parts, end);
      expect(read({ kind: 'chunked' }, `${body}GET /`, cuts)).toEqual({
        out: body,
        end: body.length,
        done: true,
      });
    }),
  );
});

test('without its chunks it is its contents', () => {
  fc.assert(
    fc.property(content, trailer, pieces, (parts, end, cuts) => {
      const body = chunked(parts, end);
      expect(read({ kind: 'chunked' }, `${body}rest`, cuts, true)).toEqual({
        out: parts.join(''),
        end: body.length,
        done: true,
      });
    }),
  );
});

test('a body with a length ends there', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', minLength: 1 }), pieces, (body, cuts) => {
      const framing: Framing = { kind: 'length', length: body.length };
      expect(read(framing, `${body}next`, cuts)).toEqual({ out: body, end: body.length, done: true });
    }),
  );
});

test('whatever it is given, a chunked body never hands on more than was there, and never throws', () => {
  const byte = fc.constantFrom('0', '1', 'a', ';', ' ', '\r', '\n', '\r\n', '\0', 'x', ':');
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 40 }), pieces, (bytes, cuts) => {
      const text = bytes.join('');
      const result = read({ kind: 'chunked' }, text, cuts);
      if (result.end !== -1) expect(text.startsWith(result.out)).toBe(true);
    }),
  );
});

test('drops the trailers that would change the message', () => {
  const body = '0\r\nX-Sum: 1\r\nContent-Length: 9\r\nhost: evil\r\nX-Forwarded-For: 1\r\n\r\n';
  expect(read({ kind: 'chunked' }, body, []).out).toBe('0\r\nX-Sum: 1\r\n\r\n');
});
