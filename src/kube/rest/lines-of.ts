import { malformed } from './read-body.ts';

const newline = 0x0a;

/**
 * Bytes of each line, empty ones left out. Cutting happens before decoding, so a letter may be split anywhere between two chunks. Rejects
 * with `Malformed` on a line over `maxBytes`, before more than that is held, and on a last line without its end.
 */
export async function* linesOf(
  what: string,
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const hold = (part: Uint8Array): void => {
    heldBytes += part.length;
    if (heldBytes > maxBytes)
      throw malformed(`${what}: the server sent a line of more than ${maxBytes} bytes, which no object is`);
    if (part.length > 0) held.push(part);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      hold(chunk.subarray(start, end));
      start = end + 1;
      const [first] = held;
      if (first !== undefined) yield held.length === 1 ? first : Buffer.concat(held, heldBytes);
      held = [];
      heldBytes = 0;
    }
    hold(chunk.subarray(start));
  }
  if (heldBytes > 0) throw malformed(`${what}: the server ended in the middle of a line`);
}
