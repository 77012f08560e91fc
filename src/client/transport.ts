import { SluiceError } from '../lib/error.ts';
import { readApiError } from './api-error.ts';
import type { Connection } from './connection.ts';

export interface TransportOptions {
  /** Asked again after a failure: a restarted engine has another port. */
  readonly connect: () => Promise<Connection>;
  /** `person:ada` or `pipeline:ci`: what the record shows. */
  readonly actor: string;
  readonly timeoutMs?: number;
  /** Told of each request that was answered, for `--debug`. */
  readonly onRequest?: (line: string) => void;
}

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** For streams: aborts it; then no timeout applies after the answer's head. */
  readonly signal?: AbortSignal;
}

/** Requests to the engine. Whatever goes wrong is a SluiceError. */
export class Transport {
  readonly #options: TransportOptions;
  #connection: Connection | null = null;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** A 2xx answer. Throws ApiError for what the engine refuses, SluiceError `unreachable` or `timeout`. */
  async send(request: TransportRequest): Promise<Response> {
    const startedAtMs = performance.now();
    const response = await this.#fetch(request);
    const took = Math.round(performance.now() - startedAtMs);
    this.#options.onRequest?.(`${request.method} ${request.path} ${response.status} ${took} ms`);
    if (response.ok) return response;
    throw await readApiError(response);
  }

  async #fetch(request: TransportRequest): Promise<Response> {
    this.#connection ??= await this.#options.connect();
    const { address, token } = this.#connection;
    const timeoutMs = this.#options.timeoutMs ?? 30_000;
    const timer = new AbortController();
    const timeout = setTimeout(() => timer.abort(), timeoutMs);
    try {
      return await fetch(`${address}${request.path}`, {
        method: request.method,
        headers: {
          authorization: `Bearer ${token}`,
          'sluice-actor': this.#options.actor,
          ...(request.method === 'GET' ? {} : { 'content-type': 'application/json' }),
          ...request.headers,
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        redirect: 'error',
        signal: request.signal === undefined ? timer.signal : AbortSignal.any([timer.signal, request.signal]),
      });
    } catch (thrown) {
      this.#connection = null;
      if (request.signal?.aborted === true)
        throw new SluiceError({ code: 'interrupted', message: 'the request was given up', cause: thrown });
      if (timer.signal.aborted) {
        throw new SluiceError({
          code: 'timeout',
          message: `the engine did not answer within ${timeoutMs / 1_000} s`,
          cause: thrown,
        });
      }
      throw new SluiceError({
        code: 'unreachable',
        message: `the engine at ${address} does not answer (${reasonOf(thrown)})`,
        cause: thrown,
      });
    } finally {
      clearTimeout(timeout);
    }
  }
}

function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (cause instanceof Error)
    return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  return thrown instanceof Error ? thrown.message : String(thrown);
}
