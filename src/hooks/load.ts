import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'undici';
import type { LoadPlan } from './load-plan.ts';

export interface LoadResponse {
  /** null: no complete answer arrived. */
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly durationMs: number;
  readonly error: string | null;
}

export interface LoadReport {
  readonly requests: number;
  /** Without a complete answer: refused, reset, truncated, timed out. Clients do not retry. */
  readonly failed: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface LoadOptions {
  /** `host:port` for a name of a service on this machine, null to use the URL as it is. */
  readonly resolveName?: (host: string) => string | null;
  readonly signal?: AbortSignal;
  readonly onResponse?: (response: LoadResponse) => void;
  /** Path and query of the next request; otherwise that of the URL. */
  readonly nextPath?: () => string;
}

/** Latencies in a log-linear histogram: 64 cells per doubling from 1 µs, so a quantile is within 1.1 % whatever the load. */
class LatencyCells {
  private readonly cells = new Uint32Array(64 * 40);
  private count = 0;
  private maxMs = 0;

  add(durationMs: number): void {
    const cell = Math.round(Math.log2(Math.max(1, durationMs * 1_000)) * 64);
    const index = Math.min(this.cells.length - 1, cell);
    this.cells[index] = (this.cells[index] ?? 0) + 1;
    this.count += 1;
    this.maxMs = Math.max(this.maxMs, durationMs);
  }

  quantile(q: number): number {
    let rest = Math.max(1, Math.ceil(q * this.count));
    for (const [index, count] of this.cells.entries()) {
      rest -= count;
      if (count > 0 && rest <= 0) return Math.min(this.maxMs, 2 ** (index / 64) / 1_000);
    }
    return 0;
  }

  get max(): number {
    return this.maxMs;
  }
}

/** Runs a bounded load and reports it. Ends early, with what it has, when `signal` aborts. Never rejects. */
export async function runLoad(plan: LoadPlan, options: LoadOptions = {}): Promise<LoadReport> {
  const url = new URL(plan.url);
  const mapped = options.resolveName?.(url.hostname) ?? null;
  const origin = mapped === null ? url.origin : `${url.protocol}//${mapped}`;
  const run = new LoadRun(plan, url, origin, options);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: plan.concurrency }, (_, worker) => run.work(worker)));
  return run.report(performance.now() - startedAt);
}

class LoadRun {
  private sent = 0;
  private answered = 0;
  private failed = 0;
  private readonly byStatus: Record<string, number> = {};
  private readonly errors: Record<string, number> = {};
  private readonly latency = new LatencyCells();
  private readonly endAt: number;
  private readonly plan: LoadPlan;
  private readonly url: URL;
  private readonly origin: string;
  private readonly options: LoadOptions;

  constructor(plan: LoadPlan, url: URL, origin: string, options: LoadOptions) {
    this.plan = plan;
    this.url = url;
    this.origin = origin;
    this.options = options;
    this.endAt = plan.durationMs === null ? Number.POSITIVE_INFINITY : performance.now() + plan.durationMs;
  }

  async work(worker: number): Promise<void> {
    const gapMs = this.plan.ratePerWorker === null ? 0 : 1_000 / this.plan.ratePerWorker;
    let dueAt = performance.now() + (gapMs * worker) / this.plan.concurrency;
    let client = this.connect();
    while (this.mayGoOn()) {
      const waitMs = gapMs === 0 ? 0 : dueAt - performance.now();
      if (waitMs > 0.5)
        await sleep(Math.min(waitMs, Math.max(0, this.endAt - performance.now())), undefined, { ref: true });
      if (!this.mayGoOn()) break;
      dueAt = Math.max(dueAt + gapMs, performance.now() - 1_000);
      this.sent += 1;
      if (!(await this.request(client)) || !this.plan.keepAlive) {
        await client.destroy().catch(() => undefined);
        client = this.connect();
      }
    }
    await client.destroy().catch(() => undefined);
  }

  report(elapsedMs: number): LoadReport {
    return {
      requests: this.answered + this.failed,
      failed: this.failed,
      byStatus: this.byStatus,
      errors: this.errors,
      elapsedMs: Math.round(elapsedMs),
      perSecond: Math.round(((this.answered + this.failed) / elapsedMs) * 1_000 * 10) / 10,
      p50Ms: round(this.latency.quantile(0.5)),
      p95Ms: round(this.latency.quantile(0.95)),
      p99Ms: round(this.latency.quantile(0.99)),
      maxMs: round(this.latency.max),
    };
  }

  private mayGoOn(): boolean {
    if (this.options.signal?.aborted === true || performance.now() >= this.endAt) return false;
    return this.plan.requests === null || this.sent < this.plan.requests;
  }

  private connect(): Client {
    return new Client(this.origin, {
      pipelining: 1,
      headersTimeout: this.plan.timeoutMs,
      bodyTimeout: this.plan.timeoutMs,
    });
  }

  private async request(client: Client): Promise<boolean> {
    const startedAt = performance.now();
    try {
      const answer = await client.request({
        path: this.options.nextPath?.() ?? `${this.url.pathname}${this.url.search}`,
        method: this.plan.method,
        headers: { host: this.url.host, ...this.plan.headers },
        body: this.plan.body,
      });
      await wholeBody(answer.body);
      this.done(startedAt, answer.statusCode, answer.headers);
      return true;
    } catch (thrown) {
      const error =
        thrown instanceof Error
          ? ('code' in thrown ? String(thrown.code) : '') || thrown.message
          : String(thrown);
      this.failed += 1;
      this.errors[error] = (this.errors[error] ?? 0) + 1;
      this.options.onResponse?.({
        status: null,
        headers: {},
        durationMs: performance.now() - startedAt,
        error,
      });
      return false;
    }
  }

  private done(startedAt: number, status: number, headers: LoadResponse['headers']): void {
    const durationMs = performance.now() - startedAt;
    this.answered += 1;
    this.byStatus[status] = (this.byStatus[status] ?? 0) + 1;
    this.latency.add(durationMs);
    this.options.onResponse?.({ status, headers, durationMs, error: null });
  }
}

/** Resolves at the last byte; rejects if the answer is cut short (undici's own `dump` would not tell). */
function wholeBody(body: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    body.on('data', () => undefined);
    body.on('end', resolve);
    body.on('error', reject);
  });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
