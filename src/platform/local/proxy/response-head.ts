import { type FieldLine, parseContentLength, parseFieldLines } from './head-syntax.ts';
import type { Framing } from './request-head.ts';

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly FieldLine[];
  readonly text: string;
  readonly framing: Framing;
  readonly keepAlive: boolean;
  readonly connectionNames: ReadonlySet<string> | null;
  /** Seconds of `Keep-Alive: timeout=`; null where it is not said. */
  readonly keepAliveSeconds: number | null;
  readonly eventStream: boolean;
}

const maxResponseFields = 200;

/** Never dropped as hop-by-hop, whatever the application says: the body would lose its end. */
const framingNames = new Set(['content-length', 'transfer-encoding']);

/**
 * Reads the head of an answer; `text` is latin1 and ends with the last field's CRLF. A string says what is wrong. `Framing`
 * is that of RFC 9112 6.3 for an answer to `method`.
 */
export function parseResponseHead(text: string, method: string): ResponseHead | string {
  const match = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?\r\n/.exec(text);
  if (match === null) return 'bad status line';
  const fields = parseFieldLines(text, match[0].length, maxResponseFields);
  if (typeof fields === 'string') return fields;
  const status = Number(match[2]);
  let length = -1;
  let chunked = false;
  let keepAlive = match[1] === '1';
  let connectionNames: Set<string> | null = null;
  let keepAliveSeconds: number | null = null;
  let eventStream = false;
  for (const { name, value } of fields) {
    switch (name) {
      case 'content-length': {
        const read = parseContentLength(value);
        if (read === -1 || length !== -1) return 'bad content-length';
        length = read;
        break;
      }
      case 'transfer-encoding':
        if (chunked || value.toLowerCase() !== 'chunked') return 'bad transfer-encoding';
        chunked = true;
        break;
      case 'connection':
        for (const part of value.split(',')) {
          const option = part.trim().toLowerCase();
          if (option === 'close') keepAlive = false;
          else if (option === 'keep-alive') keepAlive = true;
          else if (option !== '' && !framingNames.has(option)) (connectionNames ??= new Set()).add(option);
        }
        break;
      case 'keep-alive':
        keepAliveSeconds = readTimeout(value);
        break;
      case 'content-type':
        eventStream = value.startsWith('text/event-stream');
        break;
      default:
        break;
    }
  }
  if (chunked && length !== -1) return 'content-length and chunked';
  const framing = bodyFraming(status, method, length, chunked);
  const reason = match[3] ?? '';
  return {
    status,
    reason,
    fields,
    text,
    framing,
    keepAlive: keepAlive && framing.kind !== 'close',
    connectionNames,
    keepAliveSeconds,
    eventStream,
  };
}

function bodyFraming(status: number, method: string, length: number, chunked: boolean): Framing {
  if (method === 'HEAD' || status === 204 || status === 304 || status < 200) return { kind: 'none' };
  if (chunked) return { kind: 'chunked' };
  if (length === -1) return { kind: 'close' };
  return length === 0 ? { kind: 'none' } : { kind: 'length', length };
}

function readTimeout(value: string): number | null {
  const match = /(?:^|[,\s])timeout=(\d{1,6})/.exec(value);
  return match === null ? null : Number(match[1]);
}
