import { errorCodes } from '../lib/error-codes.ts';
import { toSluiceError } from '../lib/error.ts';
import { InvalidManifest } from '../resource/invalid-manifest.ts';
import { type ErrorView, viewSchema } from '../resource/view.ts';

/** The one shape of an answer that is not 2xx, from whatever was thrown. */
export function errorAnswer(
  thrown: unknown,
  requestId: string,
): { readonly status: number; readonly body: ErrorView } {
  const error = toSluiceError(thrown, 'internal');
  return {
    status: errorCodes[error.code].status,
    body: {
      schema: viewSchema,
      kind: 'Error',
      code: error.code,
      // An unexpected error's text may hold anything; the log has it under the request id.
      message: error.code === 'internal' ? 'something failed inside the engine' : error.message,
      cure: error.cure,
      retry: error.retry,
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
      requestId,
      ...(error instanceof InvalidManifest ? { findings: error.findings } : {}),
    },
  };
}
