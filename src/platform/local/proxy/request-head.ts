import { type FieldLine, isTarget, isToken, parseContentLength, parseFieldLines } from './head-syntax.ts';

/** How the end of a body is known. `close`: by the end of the connection (answers only). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly minor: 0 | 1;
  readonly fields: readonly FieldLine[];
  /** The text that the fields' positions refer to. */
  readonly text: string;
  readonly framing: Framing;
  /** The client wants, or can stand, another request on this connection. */
  readonly keepAlive: boolean;
  /** Lower-case names that `Connection` declares hop-by-hop; null where there are none. */
  readonly connectionNames: ReadonlySet<string> | null;
  /** Protocol of an upgrade, '' = none is asked for. */
  readonly upgrade: string;
  readonly expectContinue: boolean;
  readonly acceptsTrailers: boolean;
}

/** What a client is told instead of an answer of the application. `reason` stands in the header x-sluice-reason. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

export const maxHeadBytes = 16 * 1024;
export const maxTargetBytes = 8 * 1024;
export const maxFields = 100;

export const http2Preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** Names that no client may declare hop-by-hop: dropping them would change what the message is. */
const indispensable = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'authorization',
  'cookie',
]);

interface Draft {
  host: number;
  length: number;
  chunked: boolean;
  connectionNames: Set<string> | null;
  close: boolean;
  keepAlive: boolean;
  upgradeAsked: boolean;
  upgrade: string;
  expectContinue: boolean;
  acceptsTrailers: boolean;
}

/** Reads a request head; `text` is latin1 and ends with the last field's CRLF (without the empty line). */
export function parseRequestHead(text: string): RequestHead | Refusal {
  const line = parseRequestLine(text);
  if ('status' in line) return line;
  const fields = parseFieldLines(text, line.end, maxFields);
  if (typeof fields === 'string') {
    return fields === 'too many fields'
      ? refusal(431, 'too-many-fields')
      : refusal(400, fields.replaceAll(' ', '-'));
  }
  const draft: Draft = {
    host: 0,
    length: -1,
    chunked: false,
    connectionNames: null,
    close: false,
    keepAlive: false,
    upgradeAsked: false,
    upgrade: '',
    expectContinue: false,
    acceptsTrailers: false,
  };
  for (const field of fields) {
    const wrong = readField(draft, field, line.minor);
    if (wrong !== null) return wrong;
  }
  if (draft.host > 1 || (draft.host === 0 && line.minor === 1)) return refusal(400, 'bad-host');
  if (draft.chunked && draft.length !== -1) return refusal(400, 'length-and-chunked');
  const framing: Framing = draft.chunked
    ? { kind: 'chunked' }
    : draft.length > 0
      ? { kind: 'length', length: draft.length }
      : noBody;
  const upgrade = draft.upgradeAsked && framing === noBody && line.minor === 1 ? draft.upgrade : '';
  return {
    method: line.method,
    target: line.target,
    minor: line.minor,
    fields,
    text,
    framing,
    keepAlive: line.minor === 1 ? !draft.close : draft.keepAlive && !draft.close,
    connectionNames: draft.connectionNames,
    upgrade: upgrade.toLowerCase() === 'h2c' ? '' : upgrade,
    expectContinue: draft.expectContinue && line.minor === 1,
    acceptsTrailers: draft.acceptsTrailers,
  };
}

const noBody: Framing = { kind: 'none' };

interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly minor: 0 | 1;
  readonly end: number;
}

function parseRequestLine(text: string): RequestLine | Refusal {
  const end = text.indexOf('\r\n');
  const first = text.indexOf(' ');
  const second = text.indexOf(' ', first + 1);
  if (end === -1 || first <= 0 || second === -1 || second > end) return refusal(400, 'bad-request-line');
  const method = text.slice(0, first);
  const target = text.slice(first + 1, second);
  const version = text.slice(second + 1, end);
  if (method.length > 32 || !isToken(method)) return refusal(400, 'bad-method');
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') {
    return /^HTTP\/\d\.\d$/.test(version) ? refusal(505, 'http-version') : refusal(400, 'bad-request-line');
  }
  if (target.length > maxTargetBytes) return refusal(414, 'target-too-long');
  if (!isTarget(target)) return refusal(400, 'bad-target');
  if (method === 'CONNECT') return refusal(405, 'connect-refused');
  if (target.charCodeAt(0) !== 0x2f && !(target === '*' && method === 'OPTIONS')) {
    return refusal(400, 'target-not-a-path');
  }
  return { method, target, minor: version === 'HTTP/1.1' ? 1 : 0, end: end + 2 };
}

function readField(draft: Draft, field: FieldLine, minor: 0 | 1): Refusal | null {
  switch (field.name) {
    case 'host':
      draft.host += 1;
      return /[\s,/@\\?#]/.test(field.value) ? refusal(400, 'bad-host') : null;
    case 'content-length': {
      if (draft.length !== -1) return refusal(400, 'two-lengths');
      draft.length = parseContentLength(field.value);
      return draft.length === -1 ? refusal(400, 'bad-length') : null;
    }
    case 'transfer-encoding':
      if (draft.chunked || minor === 0 || field.value.toLowerCase() !== 'chunked')
        return refusal(400, 'bad-transfer-encoding');
      draft.chunked = true;
      return null;
    case 'connection':
      return readConnection(draft, field.value);
    case 'upgrade':
      draft.upgrade = draft.upgrade === '' ? field.value : `${draft.upgrade}, ${field.value}`;
      return null;
    case 'expect':
      if (field.value.toLowerCase() !== '100-continue') return refusal(417, 'bad-expectation');
      draft.expectContinue = true;
      return null;
    case 'te':
      draft.acceptsTrailers = /(^|,)\s*trailers\s*($|[,;])/i.test(field.value);
      return null;
    default:
      return null;
  }
}

function readConnection(draft: Draft, value: string): Refusal | null {
  for (const part of value.split(',')) {
    const name = part.trim().toLowerCase();
    if (name === 'close') draft.close = true;
    else if (name === 'keep-alive') draft.keepAlive = true;
    else if (name === 'upgrade') draft.upgradeAsked = true;
    else if (indispensable.has(name)) return refusal(400, 'bad-connection-option');
    else if (name !== '') (draft.connectionNames ??= new Set()).add(name);
  }
  return null;
}

function refusal(status: number, reason: string): Refusal {
  return { status, reason };
}
