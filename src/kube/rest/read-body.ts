import { isUtf8 } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { KubeError } from '../kube-error.ts';
import { connectionError } from '../transport/connection-error.ts';
import type { CallScope } from '../transport/call-scope.ts';
import type { WireAnswer } from '../transport/transport.ts';

/** The whole body as text. Rejects with the scope's reason, `Unreachable` if it breaks off, `Malformed` if too long or no UTF-8. */
export async function readBody(
  what: string,
  server: string,
  answer: WireAnswer,
  scope: CallScope,
  maxBytes: number,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes)
        throw malformed(`${what}: the answer is longer than ${maxBytes} bytes; ask for less with limit`);
    }
  } catch (thrown) {
    throw connectionError(thrown, server);
  }
  // undici takes a connection for free one turn after its answer; without the wait the next call would open another.
  await setImmediate();
  scope.signal.throwIfAborted();
  return decodeUtf8(what, Buffer.concat(chunks, size));
}

/** Strict: a letter that was replaced would be a change of the object that nobody made. */
export function decodeUtf8(what: string, bytes: Uint8Array): string {
  if (isUtf8(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  throw malformed(
    `${what}: the server sent bytes that are no UTF-8; something on the way damages its answers`,
  );
}

/** Without the parser's own words: they quote the text, and that may be a Secret. */
export function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(`${what}: the server sent something that is no whole JSON (${text.length} characters)`);
  }
}

export function malformed(message: string): KubeError {
  return new KubeError({ reason: 'Malformed', message });
}
