/**
 * What went wrong, as far as it matters for what to do. `Expired` is 410: the resourceVersion is gone, list anew. The rest are the
 * reasons of the API server (`metav1.StatusReason`); those from `Unreachable` on are ours.
 */
export type KubeErrorReason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'Invalid'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'TooManyRequests'
  | 'InternalError'
  | 'ServiceUnavailable'
  | 'Timeout'
  | 'ServerTimeout'
  | 'Unknown'
  /** No connection, or it broke before the answer was whole. */
  | 'Unreachable'
  /** Our own deadline passed. */
  | 'DeadlineExceeded'
  /** The caller's signal, or the client was closed. */
  | 'Aborted'
  /** An answer that is not what the API speaks: HTML, broken JSON, a line that is too long. */
  | 'Malformed'
  /** Certificates, kubeconfig, tokens, exec plugins. */
  | 'Configuration'
  /** A write of a process that is not the leader: it was not sent. */
  | 'NotLeader';

export interface KubeErrorParts {
  readonly reason: KubeErrorReason;
  readonly message: string;
  /** HTTP status; 0 where there was no answer. */
  readonly code?: number;
  readonly retryAfterMs?: number | null;
  /** `status.details` of the server, causes by field included. */
  readonly details?: unknown;
  readonly cause?: unknown;
}

/** The one error of this folder. `message` says what to do where that is known; no token or certificate is ever in it. */
export class KubeError extends Error {
  readonly reason: KubeErrorReason;
  readonly code: number;
  readonly retryAfterMs: number | null;
  readonly details: unknown;

  constructor({ reason, message, code = 0, retryAfterMs = null, details = null, cause }: KubeErrorParts) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'KubeError';
    this.reason = reason;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.details = details;
  }
}

export function isKubeError(thrown: unknown, ...reasons: readonly KubeErrorReason[]): thrown is KubeError {
  return thrown instanceof KubeError && (reasons.length === 0 || reasons.includes(thrown.reason));
}
