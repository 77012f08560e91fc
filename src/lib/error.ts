import { type ErrorCode, errorCodes, type Retry } from './error-codes.ts';

export interface SluiceErrorOptions {
  /** From the registry in `error-codes.ts`; alert routes, runbooks and scripts key on it. */
  readonly code: ErrorCode;
  /** What failed and why, in one sentence, with the values. Never a secret. */
  readonly message: string;
  /** Overrides the registry's cure where the place knows better. */
  readonly cure?: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The one error type that leaves a boundary. `code` is stable; `retry` and `cure` come from the registry. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly cure: string;
  readonly retryAfterMs: number | undefined;

  constructor(options: SluiceErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    const entry = errorCodes[options.code];
    this.code = options.code;
    this.retry = entry.retry;
    this.cure = options.cure ?? entry.cure;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Turns whatever was thrown into the one error type; `code` says which boundary it crossed. */
export function toSluiceError(thrown: unknown, code: ErrorCode): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SluiceError({ code, message, cause: thrown });
}
