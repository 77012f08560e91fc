import type { CallOptions } from '../client.ts';
import { type Clock, type Random, sleep } from '../clock.ts';
import { KubeError } from '../kube-error.ts';
import { CallScope } from '../transport/call-scope.ts';
import { isConnectionReset } from '../transport/connection-error.ts';
import { Slots } from '../transport/slots.ts';
import type { Transport, WireAnswer, WireRequest } from '../transport/transport.ts';
import { readBody } from './read-body.ts';
import { statusError } from './status-error.ts';

/** Refusals with Retry-After that one call waits out at most (client-go: 10), as long as its deadline allows. */
const maxWaits = 5;
const maxErrorBytes = 64 * 1024;

export interface CallerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
  readonly maxBodyBytes: number;
}

export interface CallResult {
  readonly text: string;
  readonly contentType: string;
  readonly status: number;
}

/**
 * One call with its deadline, its slot and its repeats: a 429 or 503 that says when (Retry-After) is waited out within the deadline, a GET
 * whose connection broke is sent once more. As client-go, except that its ten repeats of a broken GET are one: the caller backs off.
 */
export class Caller {
  readonly transport: Transport;
  readonly #options: CallerOptions;
  readonly #slots: Slots;
  readonly #closed = new AbortController();

  constructor(transport: Transport, options: CallerOptions) {
    this.transport = transport;
    this.#options = options;
    this.#slots = new Slots(options.maxConcurrent);
  }

  /** The body of a 2xx answer, read whole. */
  async call(request: WireRequest, options: CallOptions = {}): Promise<CallResult> {
    const what = whatOf(request);
    const scope = this.scope(what, options);
    try {
      const giveBack = await this.#slots.take(scope);
      try {
        return await this.#withRepeats(request, scope, async (answer) => ({
          text: await this.#read(what, answer, scope, this.#options.maxBodyBytes),
          contentType: answer.header('content-type'),
          status: answer.status,
        }));
      } finally {
        giveBack();
      }
    } finally {
      scope.end();
    }
  }

  /** A 2xx answer whose body is yet to come. Takes no slot: a watch would hold it for minutes. */
  async open(request: WireRequest, scope: CallScope): Promise<WireAnswer> {
    return await this.#withRepeats(request, scope, (answer) => Promise.resolve(answer));
  }

  /** Ends with the client too. The caller ends it. */
  scope(what: string, { signal, timeoutMs = this.#options.timeoutMs }: CallOptions): CallScope {
    return new CallScope(this.#options.clock, timeoutMs, what, [signal, this.#closed.signal]);
  }

  /** Calls under way reject with `Aborted`, and all later ones. */
  close(): void {
    this.#closed.abort(new Error('the client was closed'));
  }

  async #withRepeats<Value>(
    request: WireRequest,
    scope: CallScope,
    use: (answer: WireAnswer) => Promise<Value>,
  ): Promise<Value> {
    let waits = 0;
    let resends = request.method === 'GET' ? 1 : 0;
    for (;;) {
      try {
        return await use(await this.#sendOnce(request, scope));
      } catch (thrown) {
        if (!(thrown instanceof KubeError)) throw thrown;
        if (resends > 0 && isConnectionReset(thrown)) {
          resends -= 1;
          continue;
        }
        const waitMs = this.#waitMs(thrown);
        if (waitMs === null || waits === maxWaits || waitMs >= scope.remainingMs()) throw thrown;
        waits += 1;
        await sleep(this.#options.clock, waitMs, scope.signal);
        scope.signal.throwIfAborted();
      }
    }
  }

  /** Up to a tenth longer than asked, so that those who were refused together do not come back together. */
  #waitMs({ code, retryAfterMs }: KubeError): number | null {
    if ((code !== 429 && code !== 503) || retryAfterMs === null) return null;
    return retryAfterMs * (1 + 0.1 * this.#options.random());
  }

  /** Rejects unless the answer is 2xx. */
  async #sendOnce(request: WireRequest, scope: CallScope): Promise<WireAnswer> {
    const answer = await this.transport.send(request, scope);
    if (answer.status >= 200 && answer.status < 300) return answer;
    const what = whatOf(request);
    const error = statusError(what, {
      status: answer.status,
      contentType: answer.header('content-type'),
      retryAfter: answer.header('retry-after'),
      text: await this.#read(what, answer, scope, maxErrorBytes).catch(() => ''),
    });
    scope.signal.throwIfAborted();
    if (error.reason !== 'Unauthorized') throw error;
    const { code, details, message } = error;
    throw new KubeError({
      reason: 'Unauthorized',
      code,
      details,
      message: `${message}; ${this.transport.whyUnauthorized()}`,
    });
  }

  #read(what: string, answer: WireAnswer, scope: CallScope, maxBytes: number): Promise<string> {
    return readBody(what, this.transport.server, answer, scope, maxBytes);
  }
}

/** `GET /api/v1/pods`, for messages: a query may be long and says little. */
export function whatOf({ method, path }: WireRequest): string {
  return `${method} ${path.split('?')[0]}`;
}
