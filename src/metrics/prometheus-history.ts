import { Agent, type Dispatcher } from 'undici';
import type { History } from '../analysis/history/history.ts';
import { SluiceError } from '../lib/error.ts';
import { formatDuration } from '../lib/duration.ts';
import { failure, type Result } from '../lib/result.ts';
import { askPrometheus, type PrometheusLimits } from './prometheus-request.ts';
import { type RangeFailure, type RawSeries, readRangeAnswer } from './prometheus-range.ts';
import { SeriesGrid, type SeriesRole } from './series-grid.ts';

export interface HistoryRequest {
  /** Base URL of Prometheus. */
  readonly address: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Plain selectors of counters, without a range. */
  readonly selectors: Partial<Readonly<Record<SeriesRole, string>>>;
  readonly fromMs: number;
  readonly toMs: number;
  /** Called after each part. */
  readonly onProgress?: (readToMs: number) => void;
}

export interface HistoryLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly dispatcher?: Dispatcher;
}

const usualLimits: HistoryLimits = { timeoutMs: 30_000, maxBytes: 64 * 1024 * 1024 };
/** What is asked for at once; halved where that is too much for the server. */
const longestChunkMs = 2 * 3_600_000;
const shortestChunkMs = 5 * 60_000;
/** Readings that are nearer than this are one block. */
const shortestStepMs = 5_000;
const longestStepMs = 5 * 60_000;

/**
 * Reads raw counters of the past from Prometheus, chunk by chunk: instant queries of `selector[range]`, which answer with the samples as they
 * were stored. They are differenced by pod. Throws SluiceError `metrics-unavailable`.
 */
export async function readPrometheusHistory(
  request: HistoryRequest,
  limits: HistoryLimits = usualLimits,
): Promise<History> {
  const agent = new Agent({ connections: 3 });
  try {
    return await new HistoryReader(request, { ...limits, dispatcher: limits.dispatcher ?? agent }).read();
  } finally {
    await agent.close();
  }
}

class HistoryReader {
  readonly #request: HistoryRequest;
  readonly #limits: PrometheusLimits;
  readonly #seen = new Set<SeriesRole>();
  #chunkMs = longestChunkMs;
  #grid: SeriesGrid | null = null;

  constructor(request: HistoryRequest, limits: PrometheusLimits) {
    this.#request = request;
    this.#limits = limits;
  }

  async read(): Promise<History> {
    const { fromMs, toMs, onProgress } = this.#request;
    let atMs = fromMs;
    while (atMs < toMs) {
      const endMs = Math.min(toMs, atMs + this.#chunkMs);
      const parts = await this.#chunk(atMs, endMs);
      if (parts === 'shorter') continue;
      this.#take(parts, endMs);
      atMs = endMs;
      onProgress?.(atMs);
    }
    const missing = this.#roles().filter((role) => !this.#seen.has(role) && role !== 'bad');
    if (this.#grid === null || missing.length > 0) throw this.#nothingFound(missing);
    const { blocks, resets, notes } = this.#grid;
    return { blocks, resets, notes: [...notes, ...this.#withoutErrors()] };
  }

  #roles(): readonly SeriesRole[] {
    return (['total', 'bad', 'buckets'] as const).filter(
      (role) => this.#request.selectors[role] !== undefined,
    );
  }

  async #chunk(
    fromMs: number,
    toMs: number,
  ): Promise<readonly (readonly [SeriesRole, readonly RawSeries[]])[] | 'shorter'> {
    const parts: (readonly [SeriesRole, readonly RawSeries[]])[] = [];
    for (const role of this.#roles()) {
      const answer = await this.#ask(role, fromMs, toMs);
      if (answer.ok) {
        parts.push([role, answer.value]);
        continue;
      }
      const { tooMuch, message } = answer.error;
      if (!tooMuch || this.#chunkMs <= shortestChunkMs)
        throw unavailable(
          message,
          tooMuch ? 'Select fewer series, or ask a server that is less busy.' : undefined,
        );
      this.#chunkMs = Math.max(shortestChunkMs, this.#chunkMs / 2);
      return 'shorter';
    }
    return parts;
  }

  async #ask(
    role: SeriesRole,
    fromMs: number,
    toMs: number,
  ): Promise<Result<readonly RawSeries[], RangeFailure>> {
    const { address, headers, selectors } = this.#request;
    const query = `${selectors[role] ?? ''}[${formatDuration(toMs - fromMs)}]`;
    const asked = await askPrometheus({ address, headers, query, atMs: toMs }, this.#limits);
    if (!asked.ok) return failure({ tooMuch: asked.error.kind === 'tooMuch', message: asked.error.message });
    const { status, body, shown } = asked.value;
    const answer = readRangeAnswer(status, body);
    if (answer.ok) return answer;
    const { tooMuch, message } = answer.error;
    return failure({ tooMuch, message: `${shown}, asked for ${role}: ${message}` });
  }

  #take(parts: readonly (readonly [SeriesRole, readonly RawSeries[]])[], endMs: number): void {
    for (const [role, series] of parts) if (series.length > 0) this.#seen.add(role);
    this.#grid ??= gridOf(parts.flatMap(([, series]) => series));
    if (this.#grid === null) return;
    for (const [role, series] of parts) this.#grid.add(role, series);
    this.#grid.advance(endMs);
    if (this.#grid.problem !== null) throw unavailable(this.#grid.problem);
  }

  #nothingFound(missing: readonly SeriesRole[]): SluiceError {
    const { selectors, fromMs, toMs } = this.#request;
    const [role = 'total'] = missing;
    return unavailable(
      `there is no series ${selectors[role] ?? ''} between ${iso(fromMs)} and ${iso(toMs)}`,
      'Check the selector in metrics[].objective, and how long the server keeps its data.',
    );
  }

  /** No series of errors is what a service without errors looks like, and what a wrong selector looks like. */
  #withoutErrors(): readonly string[] {
    const { bad } = this.#request.selectors;
    return bad === undefined || this.#seen.has('bad')
      ? []
      : [`There is no series ${bad}: either nothing failed, or the selector is wrong.`];
  }
}

/** As fine as the scrapes of the first series that shows how often they are; null: none does. */
function gridOf(all: readonly RawSeries[]): SeriesGrid | null {
  const telling = all.find(({ samples }) => samples.length >= 3);
  if (telling === undefined) return null;
  const times = telling.samples.map(([atMs]) => atMs);
  const distances = times
    .slice(1)
    .map((atMs, index) => atMs - (times[index] ?? atMs))
    .toSorted((a, b) => a - b);
  const scrapeMs = distances[Math.floor(distances.length / 2)] ?? shortestStepMs;
  const firstMs = Math.min(...all.map(({ samples }) => samples[0]?.[0] ?? Number.POSITIVE_INFINITY));
  return new SeriesGrid(firstMs, Math.min(longestStepMs, Math.max(shortestStepMs, scrapeMs)));
}

function unavailable(message: string, cure?: string): SluiceError {
  return new SluiceError({
    code: 'metrics-unavailable',
    message,
    cure: cure ?? 'Check the address and the selectors in metrics[].objective.',
  });
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
