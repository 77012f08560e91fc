import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** The last `lines` lines of a file, and where reading goes on. A missing file has none: the replica printed nothing yet. */
export async function lastLines(
  path: string,
  lines: number,
): Promise<{ readonly lines: readonly string[]; readonly offset: number }> {
  const size = (await sizeOf(path))?.size ?? 0;
  let start = size;
  let text = '';
  while (start > 0 && countLines(text) <= lines && size - start < maxTailBytes) {
    const from = Math.max(0, start - chunkBytes);
    text = (await readRange(path, from, start)) + text;
    start = from;
  }
  // What is after the last line break is a line not yet finished; following begins with it.
  const end = text.lastIndexOf('\n');
  if (end === -1) return { lines: [], offset: start };
  const all = text.slice(0, end).split('\n');
  const whole = start > 0 ? all.slice(1) : all;
  return {
    lines: lines === 0 ? [] : whole.slice(-lines).map(fromLatin1),
    offset: size - Buffer.byteLength(text.slice(end + 1), 'latin1'),
  };
}

/**
 * New whole lines as they are written, until the signal. A file that shrank or was replaced was rotated: reading starts
 * anew from its beginning.
 */
export async function* follow(
  path: string,
  fromOffset: number,
  signal: AbortSignal,
  pollMs: number,
): AsyncGenerator<readonly string[]> {
  let offset = fromOffset;
  let inode: number | null = null;
  let rest = '';
  while (!signal.aborted) {
    const now = await sizeOf(path);
    if (now !== null && ((inode !== null && now.ino !== inode) || now.size < offset)) {
      offset = 0;
      rest = '';
    }
    inode = now?.ino ?? inode;
    if (now !== null && now.size > offset) {
      const upTo = Math.min(now.size, offset + maxTailBytes);
      const parts = (rest + (await readRange(path, offset, upTo))).split('\n');
      offset = upTo;
      rest = (parts.pop() ?? '').slice(0, maxTailBytes);
      if (parts.length > 0) yield parts.map(fromLatin1);
    } else {
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

const chunkBytes = 64 * 1024;
/** A process that prints 1 GB without a line break must not fill the engine's memory. */
const maxTailBytes = 4 * 1024 * 1024;

/** Latin-1 keeps bytes as they are, so that a cut through a UTF-8 character loses nothing. */
async function readRange(path: string, start: number, end: number): Promise<string> {
  if (end <= start) return '';
  const chunks: Buffer[] = [];
  const stream = createReadStream(path, { start, end: end - 1 });
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

function fromLatin1(line: string): string {
  return Buffer.from(line, 'latin1').toString('utf8');
}

async function sizeOf(path: string): Promise<Stats | null> {
  return await stat(path).catch(() => null);
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
