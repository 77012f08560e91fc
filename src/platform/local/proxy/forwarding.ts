import type { FieldLine } from './head-syntax.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

/** Hop-by-hop (RFC 9110 7.6.1), or said by this hop anew: what a client claims of itself here is not believed. */
const droppedFromRequests = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
  'http2-settings',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
]);

const droppedFromAnswers = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'upgrade',
  'proxy-authenticate',
]);

/** Addresses whose `X-Forwarded-For` is continued instead of replaced. None: a front has no setting for it yet. */
const trustedHops: ReadonlySet<string> = new Set();

/** The head that goes to the application, with its empty line. */
export function upstreamHead(head: RequestHead, clientAddress: string, fallbackHost: string): string {
  const host = head.fields.find((field) => field.name === 'host')?.value;
  let text = `${head.method} ${head.target} HTTP/1.1\r\n`;
  text += keptLines(head.text, head.fields, droppedFromRequests, head.connectionNames);
  if (host === undefined) text += `Host: ${fallbackHost}\r\n`;
  text += `X-Forwarded-For: ${forwardedFor(head, clientAddress)}\r\nX-Forwarded-Proto: http\r\n`;
  if (host !== undefined) text += `X-Forwarded-Host: ${host}\r\n`;
  if (head.upgrade !== '') text += `Connection: upgrade\r\nUpgrade: ${head.upgrade}\r\n`;
  else if (head.acceptsTrailers) text += 'Connection: TE\r\nTE: trailers\r\n';
  return `${text}\r\n`;
}

function forwardedFor(head: RequestHead, clientAddress: string): string {
  if (!trustedHops.has(clientAddress)) return clientAddress;
  const before = head.fields.filter((field) => field.name === 'x-forwarded-for').map((field) => field.value);
  return [...before, clientAddress].join(', ');
}

export interface AnswerOptions {
  readonly requestMinor: 0 | 1;
  readonly method: string;
  /** Nothing more will be read from this connection. */
  readonly close: boolean;
  /** The body loses its chunks on the way (to an HTTP/1.0 client). */
  readonly dechunk: boolean;
  /** Whole `Set-Cookie` value, '' = none. */
  readonly setCookie: string;
}

/** The head that goes to the client, with its empty line. */
export function clientHead(head: ResponseHead, options: AnswerOptions): string {
  let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n`;
  const bodyless = head.status < 200 || head.status === 204;
  const dropped = bodyless
    ? droppedFromBodyless
    : options.dechunk
      ? droppedFromDechunked
      : droppedFromAnswers;
  text += keptLines(head.text, head.fields, dropped, head.connectionNames);
  if (head.status < 200) return `${text}\r\n`;
  if (options.setCookie !== '') text += `Set-Cookie: ${options.setCookie}\r\n`;
  if (options.close) text += 'Connection: close\r\n';
  else if (options.requestMinor === 0) text += 'Connection: keep-alive\r\n';
  return `${text}\r\n`;
}

/** The head of a 101, which keeps what the application says of the upgrade. */
export function switchedHead(head: ResponseHead, setCookie: string): string {
  let text = `HTTP/1.1 101 ${head.reason}\r\n${keptLines(head.text, head.fields, droppedFromSwitch, null)}`;
  if (setCookie !== '') text += `Set-Cookie: ${setCookie}\r\n`;
  return `${text}Connection: upgrade\r\n\r\n`;
}

const droppedFromSwitch = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'content-length',
  'transfer-encoding',
]);
const droppedFromDechunked = new Set([...droppedFromAnswers, 'transfer-encoding', 'trailer']);
const droppedFromBodyless = new Set([...droppedFromDechunked, 'content-length']);

/** Copies whole runs of kept lines, with their writing as it came. */
function keptLines(
  text: string,
  fields: readonly FieldLine[],
  dropped: ReadonlySet<string>,
  declared: ReadonlySet<string> | null,
): string {
  let kept = '';
  let runStart = -1;
  let runEnd = -1;
  for (const field of fields) {
    if (isDropped(field.name, dropped) || declared?.has(field.name) === true) {
      if (runStart !== -1) kept += text.slice(runStart, runEnd);
      runStart = -1;
      continue;
    }
    if (runStart === -1) runStart = field.start;
    runEnd = field.end;
  }
  return runStart === -1 ? kept : kept + text.slice(runStart, runEnd);
}

/** `X_Forwarded_For` is the same variable as `X-Forwarded-For` to a program behind CGI or WSGI. */
function isDropped(name: string, dropped: ReadonlySet<string>): boolean {
  return dropped.has(name) || (name.includes('_') && dropped.has(name.replaceAll('_', '-')));
}
