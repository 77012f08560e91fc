import { Agent, type Dispatcher, request } from 'undici';
import type { Sample } from '../analysis/block.ts';
import type { MetricReading, MetricSource, ServiceKey } from '../engine/ports.ts';
import { failure, type Result } from '../lib/result.ts';
import type { Plan } from '../rollout/plan.ts';
import { readInstantAnswer } from './prometheus-answer.ts';

/** One check's query; the fields that a source needs of the resource's `MetricQuery`. */
export interface PrometheusQuery {
  /** Base URL; a user and password in it become basic authentication. */
  readonly address: string;
  /** Rendered PromQL: whoever filled its placeholders has escaped them. */
  readonly query: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly intervalMs: number;
}

export interface PrometheusSourceOptions {
  /** The service's queries by the name of their check. */
  readonly queriesOf: (key: ServiceKey) => Readonly<Record<string, PrometheusQuery>>;
  /** Outgoing rules; default: an agent of its own without any. */
  readonly dispatcher?: Dispatcher;
}

/** Flagger's limit for one query. */
const queryLimitMs = 5_000;
/** One number is asked for. */
const maxAnswerBytes = 256 * 1024;

interface Cursor {
  /** Instant of the last reading of each check, and of the last block. */
  readonly readAtMs: Readonly<Record<string, number>>;
  readonly atMs: number;
}

/**
 * Instant queries to Prometheus, as samples. A query that cannot be asked is a sample with an `error`, so that the other
 * checks are judged none the less. The time between two readings is a block without arms: judged time, but no requests.
 */
export class PrometheusSource implements MetricSource {
  readonly #queriesOf: PrometheusSourceOptions['queriesOf'];
  readonly #dispatcher: Dispatcher;
  readonly #ownAgent: Agent | null;

  constructor(options: PrometheusSourceOptions) {
    this.#queriesOf = options.queriesOf;
    this.#ownAgent = options.dispatcher === undefined ? new Agent({ connections: 4 }) : null;
    this.#dispatcher = options.dispatcher ?? this.#ownAgent ?? new Agent();
  }

  async read(key: ServiceKey, plan: Plan, cursor: unknown, nowMs: number): Promise<MetricReading> {
    // Only this class writes the cursor, and the store gives it back as it was.
    const before = cursor as Cursor | null;
    const readAtMs: Record<string, number> = { ...before?.readAtMs };
    const due = Object.entries(this.#queriesOf(key)).filter(([check, query]) => {
      const lastMs = readAtMs[check];
      return lastMs === undefined || nowMs - lastMs >= periodMs(query, plan);
    });
    const samples = await Promise.all(
      due.map(async ([check, query]): Promise<Sample> => {
        const answer = await this.#ask(query);
        if (!answer.ok) return { check, atMs: nowMs, value: null, error: answer.error };
        readAtMs[check] = nowMs;
        return { check, atMs: nowMs, value: answer.value };
      }),
    );
    const durationMs = before === null ? 0 : nowMs - before.atMs;
    return {
      blocks: durationMs > 0 ? [{ atMs: nowMs, durationMs }] : [],
      samples,
      cursor: { readAtMs, atMs: nowMs } satisfies Cursor,
    };
  }

  async close(): Promise<void> {
    await this.#ownAgent?.close();
  }

  async #ask(query: PrometheusQuery): Promise<Result<number | null, string>> {
    const target = targetOf(query);
    if (target === null) return failure('the address of Prometheus is not an http or https URL');
    const { url, headers, shown } = target;
    try {
      const signal = AbortSignal.timeout(queryLimitMs);
      const response = await request(url, { headers, dispatcher: this.#dispatcher, signal });
      const body = await readLimited(response.body);
      if (body === null) return failure(`${shown} answered more than ${maxAnswerBytes} bytes`);
      const answer = readInstantAnswer(response.statusCode, body);
      return answer.ok ? answer : failure(`${shown}: ${answer.error}`);
    } catch (thrown) {
      return failure(`${shown} did not answer: ${reasonOf(thrown)}`);
    }
  }
}

/** Twice an interval, so that each evaluation finds a reading of its own interval whatever the two clocks' phase. */
function periodMs(query: PrometheusQuery, plan: Plan): number {
  return Math.max(500, Math.min(query.intervalMs, plan.judging.intervalMs) / 2);
}

/** `shown` is for messages: neither password nor query, which may hold a token. */
function targetOf(
  query: PrometheusQuery,
): { readonly url: URL; readonly headers: Record<string, string[]>; readonly shown: string } | null {
  const base = URL.parse(query.address);
  if (base === null || (base.protocol !== 'http:' && base.protocol !== 'https:')) return null;
  const headers: Record<string, string[]> = { accept: ['application/json'] };
  for (const [name, values] of Object.entries(query.headers)) headers[name.toLowerCase()] = [...values];
  if (base.username !== '' || base.password !== '') {
    const pair = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
    headers['authorization'] ??= [`Basic ${Buffer.from(pair).toString('base64')}`];
  }
  const url = new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}/api/v1/query`);
  url.searchParams.set('query', query.query);
  url.searchParams.set('timeout', `${queryLimitMs}ms`);
  return { url, headers, shown: `Prometheus at ${base.origin}` };
}

async function readLimited(body: AsyncIterable<Buffer>): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxAnswerBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.name === 'TimeoutError') return `it took longer than ${queryLimitMs / 1000} s`;
  const { code } = thrown as { readonly code?: unknown };
  return typeof code === 'string' && thrown.message === '' ? code : thrown.message;
}
