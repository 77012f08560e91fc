import { createHash } from 'node:crypto';
import type { HookCaller, HookRequest } from '../engine/ports.ts';
import { SluiceError } from '../lib/error.ts';
import type { HookAnswer, HookAnswerKind } from '../rollout/observation.ts';
import type { Egress, EgressResponse } from './egress.ts';
import { hookPayload } from './payload.ts';

export interface HookCallerOptions {
  readonly egress: Egress;
  readonly nowMs: () => number;
  /** Waits, or rejects when the signal aborts. */
  readonly sleep: (durationMs: number, signal: AbortSignal) => Promise<void>;
}

interface Outcome {
  readonly kind: HookAnswerKind;
  readonly message: string;
  /** null: asking again would not help. */
  readonly againAfterMs: number | null;
}

/**
 * Flagger's contract, widened: POST of JSON, any 2xx passes (Flagger: up to 202), retries only after a connection error,
 * 429 or 5xx but 501, after 1 s doubling to 30 s or as Retry-After says. Each attempt has the hook's timeout, and all
 * carry the same `Idempotency-Key`. What the receiver says is never copied, only its status and a digest of its body.
 */
export function createHookCaller(options: HookCallerOptions): HookCaller {
  const answered = new Map<string, Promise<HookAnswer>>();
  return {
    call: (hookRequest, signal) => {
      const { id } = hookRequest.effect;
      const known = answered.get(id);
      if (known !== undefined) return known;
      const answer = callWithRetries(options, hookRequest, signal).finally(() => answered.delete(id));
      answered.set(id, answer);
      return answer;
    },
  };
}

async function callWithRetries(
  options: HookCallerOptions,
  hookRequest: HookRequest,
  signal: AbortSignal,
): Promise<HookAnswer> {
  const { hook, id } = hookRequest.effect;
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await callOnce(options, hookRequest, signal);
    if (outcome.againAfterMs === null || attempt >= hook.retries || signal.aborted) {
      return { id, kind: outcome.kind, atMs: options.nowMs(), message: outcome.message };
    }
    const backOffMs = Math.min(30_000, 1_000 * 2 ** attempt);
    await options.sleep(Math.max(backOffMs, outcome.againAfterMs), signal).catch(() => undefined);
  }
}

async function callOnce(
  options: HookCallerOptions,
  hookRequest: HookRequest,
  signal: AbortSignal,
): Promise<Outcome> {
  const { hook, id } = hookRequest.effect;
  try {
    const response = await options.egress.send({
      method: 'POST',
      url: hook.url,
      headers: { 'content-type': 'application/json', 'idempotency-key': id },
      body: JSON.stringify(hookPayload(hookRequest)),
      timeoutMs: hook.timeoutMs,
      signal,
    });
    return outcomeOf(response);
  } catch (thrown) {
    const refused = thrown instanceof SluiceError && thrown.code === 'egress-refused';
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return { kind: 'failed', message: `no answer: ${message}`, againAfterMs: refused ? null : 0 };
  }
}

function outcomeOf(response: EgressResponse): Outcome {
  const { status } = response;
  const digest = createHash('sha256').update(response.body).digest('hex').slice(0, 12);
  const message = `status ${status}, body ${response.body.length} bytes (sha256 ${digest})`;
  if (status >= 200 && status < 300) return { kind: 'passed', message, againAfterMs: null };
  if (status === 429 || (status >= 500 && status !== 501)) {
    return { kind: 'failed', message, againAfterMs: retryAfterMs(response.headers['retry-after']) };
  }
  return { kind: 'refused', message, againAfterMs: null };
}

/** Seconds only: a date would need the receiver's clock. At most a minute. */
function retryAfterMs(value: string | string[] | undefined): number {
  const seconds = Number(Array.isArray(value) ? value[0] : value);
  return Number.isFinite(seconds) ? Math.min(60_000, Math.max(0, seconds * 1_000)) : 0;
}
