import { Agent, type Dispatcher } from 'undici';
import type { Sample } from '../analysis/block.ts';
import type { MetricReading, MetricSource, ServiceKey } from '../engine/ports.ts';
import { failure, type Result } from '../lib/result.ts';
import type { Plan } from '../rollout/plan.ts';
import { readInstantAnswer } from './prometheus-answer.ts';
import { askPrometheus } from './prometheus-request.ts';

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
    const limits = { dispatcher: this.#dispatcher, timeoutMs: queryLimitMs, maxBytes: maxAnswerBytes };
    const asked = await askPrometheus(query, limits);
    if (!asked.ok) return failure(asked.error.message);
    const { status, body, shown } = asked.value;
    const answer = readInstantAnswer(status, body);
    return answer.ok ? answer : failure(`${shown}: ${answer.error}`);
  }
}

/** Twice an interval, so that each evaluation finds a reading of its own interval whatever the two clocks' phase. */
function periodMs(query: PrometheusQuery, plan: Plan): number {
  return Math.max(500, Math.min(query.intervalMs, plan.judging.intervalMs) / 2);
}
