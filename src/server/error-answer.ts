import { errorCodes } from '../lib/error-codes.ts';
import { SluiceError, toSluiceError } from '../lib/error.ts';
import { type ErrorView, type FindingView, viewSchema } from '../resource/view.ts';

/** `invalid-resource` with the findings that say where. */
export class InvalidManifest extends SluiceError {
  readonly findings: readonly FindingView[];

  constructor(findings: readonly FindingView[]) {
    const errors = findings.filter((finding) => finding.severity === 'error');
    const first = errors[0];
    const place = first === undefined ? '' : `: ${first.file}:${first.line}: ${first.message}`;
    super({
      code: 'invalid-resource',
      message: `${errors.length} error${errors.length === 1 ? '' : 's'} in the manifests${place}`,
    });
    this.findings = findings;
  }
}

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
