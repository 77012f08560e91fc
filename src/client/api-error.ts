import { type ErrorCode, errorCodes } from '../lib/error-codes.ts';
import { SluiceError } from '../lib/error.ts';
import type { ErrorView, FindingView } from '../resource/view.ts';

/** An error that the engine answered with: the request id finds it in the engine's log. */
export class ApiError extends SluiceError {
  readonly requestId: string;
  readonly findings: readonly FindingView[];

  constructor(view: ErrorView) {
    super({
      code: view.code,
      message: view.message,
      cure: view.cure,
      ...(view.retryAfterMs === undefined ? {} : { retryAfterMs: view.retryAfterMs }),
    });
    this.requestId = view.requestId;
    this.findings = view.findings ?? [];
  }
}

/** Reads an answer that is not 2xx. One that is not ours (another program on the port) is `unreachable`. */
export async function readApiError(response: Response): Promise<SluiceError> {
  const text = await response.text().catch(() => '');
  try {
    const value: unknown = JSON.parse(text);
    if (isErrorView(value)) return new ApiError(value);
  } catch {
    // Not JSON, so not ours.
  }
  return new SluiceError({
    code: 'unreachable',
    message: `what answers at the engine's address is not Sluice (HTTP ${response.status})`,
  });
}

function isErrorView(value: unknown): value is ErrorView {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, code, message } = value as Partial<ErrorView>;
  return kind === 'Error' && typeof message === 'string' && isErrorCode(code);
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}
