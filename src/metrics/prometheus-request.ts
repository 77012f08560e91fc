import { type Dispatcher, request } from 'undici';
import { failure, ok, type Result } from '../lib/result.ts';

export interface PrometheusRequest {
  /** Base URL; a user and password in it become basic authentication. */
  readonly address: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Instant of the query; the server's own time where it is absent. */
  readonly atMs?: number;
}

export interface PrometheusLimits {
  readonly dispatcher: Dispatcher;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface PrometheusAnswer {
  readonly status: number;
  readonly body: string;
  /** Who answered, for messages: neither password nor query, which may hold a token. */
  readonly shown: string;
}

export interface PrometheusFailure {
  /** `tooMuch`: too long or too large; a shorter query may be answered. */
  readonly kind: 'address' | 'tooMuch' | 'noAnswer';
  readonly message: string;
}

/** Asks one instant query. Never throws. */
export async function askPrometheus(
  asked: PrometheusRequest,
  limits: PrometheusLimits,
): Promise<Result<PrometheusAnswer, PrometheusFailure>> {
  const target = targetOf(asked, limits.timeoutMs);
  if (target === null)
    return failure({ kind: 'address', message: 'the address of Prometheus is not an http or https URL' });
  const { url, headers, shown } = target;
  const { dispatcher, timeoutMs, maxBytes } = limits;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await request(url, { headers, dispatcher, signal });
    const body = await readLimited(response.body, maxBytes);
    if (body === null)
      return failure({ kind: 'tooMuch', message: `${shown} answered more than ${maxBytes} bytes` });
    return ok({ status: response.statusCode, body, shown });
  } catch (thrown) {
    const late = thrown instanceof Error && thrown.name === 'TimeoutError';
    const why = late ? `it took longer than ${timeoutMs / 1000} s` : reasonOf(thrown);
    return failure({
      kind: late ? 'tooMuch' : 'noAnswer',
      message: `${shown} did not answer: ${why}`,
    });
  }
}

function targetOf(
  { address, query, headers: wanted, atMs }: PrometheusRequest,
  timeoutMs: number,
): { readonly url: URL; readonly headers: Record<string, string[]>; readonly shown: string } | null {
  const base = URL.parse(address);
  if (base === null || (base.protocol !== 'http:' && base.protocol !== 'https:')) return null;
  const headers: Record<string, string[]> = { accept: ['application/json'] };
  for (const [name, values] of Object.entries(wanted)) headers[name.toLowerCase()] = [...values];
  if (base.username !== '' || base.password !== '') {
    const pair = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
    headers['authorization'] ??= [`Basic ${Buffer.from(pair).toString('base64')}`];
  }
  const url = new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}/api/v1/query`);
  url.searchParams.set('query', query);
  if (atMs !== undefined) url.searchParams.set('time', String(atMs / 1000));
  url.searchParams.set('timeout', `${timeoutMs}ms`);
  return { url, headers, shown: `Prometheus at ${base.origin}` };
}

async function readLimited(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { code } = thrown as { readonly code?: unknown };
  return typeof code === 'string' && thrown.message === '' ? code : thrown.message;
}
