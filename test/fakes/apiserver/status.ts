import type { Json, JsonObject } from './json.ts';
import type { Kind } from './kinds.ts';

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface StatusParts {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: JsonObject;
  /** `metadata.continue` of an expired list. */
  readonly continue?: string;
}

/** An answer of the kind `Status`, thrown to whoever asked. */
export class StatusError extends Error {
  readonly parts: StatusParts;

  constructor(parts: StatusParts) {
    super(parts.message);
    this.name = 'StatusError';
    this.parts = parts;
  }

  toJson(): JsonObject {
    const { code, reason, message, details } = this.parts;
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.parts.continue === undefined ? {} : { continue: this.parts.continue },
      status: 'Failure',
      message,
      ...(reason === '' ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

/** `deployments.apps`, `pods`. */
export function qualified({ plural, group }: Kind): string {
  return group === '' ? plural : `${plural}.${group}`;
}

function named(kind: Kind, name: string, more: JsonObject = {}): JsonObject {
  return {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.plural,
    ...more,
  };
}

export function notFound(kind: Kind, name: string): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: `${qualified(kind)} "${name}" not found`,
    details: named(kind, name),
  });
}

export function alreadyExists(kind: Kind, name: string): StatusError {
  return new StatusError({
    code: 409,
    reason: 'AlreadyExists',
    message: `${qualified(kind)} "${name}" already exists`,
    details: named(kind, name),
  });
}

export function conflict(kind: Kind, name: string, why: string): StatusError {
  return new StatusError({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${qualified(kind)} "${name}": ${why}`,
    details: named(kind, name),
  });
}

export const modified =
  'the object has been modified; please apply your changes to the latest version and try again';

export function forbidden(kind: Kind, name: string, why: string, causes: readonly Cause[] = []): StatusError {
  const subject = name === '' ? qualified(kind) : `${qualified(kind)} "${name}"`;
  return new StatusError({
    code: 403,
    reason: 'Forbidden',
    message: `${subject} is forbidden: ${why}`,
    details: named(kind, name, causes.length === 0 ? {} : { causes: causes.map((cause) => ({ ...cause })) }),
  });
}

export function unauthorized(): StatusError {
  return new StatusError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
}

export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: 'BadRequest', message });
}

export function methodNotAllowed(): StatusError {
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  });
}

/** No kind of that name in a group that is there. */
export function nothingThere(): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  });
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return new StatusError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  });
}

export function tooLarge(message: string): StatusError {
  return new StatusError({ code: 413, reason: 'RequestEntityTooLarge', message });
}

export function expired(message: string, token?: string): StatusError {
  return new StatusError({
    code: 410,
    reason: 'Expired',
    message,
    ...(token === undefined ? {} : { continue: token }),
  });
}

export function tooLargeVersion(asked: number, current: number): StatusError {
  return new StatusError({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: {
      retryAfterSeconds: 1,
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    },
  });
}

/** 422 of a JSON patch that does not apply. Which operation it was, the API server does not say. */
export function patchDoesNotApply(): StatusError {
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
    details: {},
  });
}

/** `cause`: what the message is about, for errors that the API server wraps. */
export function internalError(message: string, cause = ''): StatusError {
  return cause === ''
    ? new StatusError({ code: 500, reason: '', message })
    : new StatusError({
        code: 500,
        reason: 'InternalError',
        message,
        details: { causes: [{ message: cause }] },
      });
}

/** One thing that is wrong with a field; `path` is '' for the object as a whole. */
export interface FieldError {
  readonly path: string;
  readonly reason:
    | 'FieldValueInvalid'
    | 'FieldValueRequired'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid';
  readonly message: string;
}

function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return 'null';
  return typeof value === 'object'
    ? JSON.stringify(value)
    : typeof value === 'string'
      ? JSON.stringify(value)
      : String(value);
}

export function fieldInvalid(path: string, value: Json | undefined, detail: string): FieldError {
  return { path, reason: 'FieldValueInvalid', message: `Invalid value: ${shown(value)}: ${detail}` };
}

export function fieldRequired(path: string, detail = ''): FieldError {
  return {
    path,
    reason: 'FieldValueRequired',
    message: detail === '' ? 'Required value' : `Required value: ${detail}`,
  };
}

export function fieldNotSupported(path: string, value: Json, supported: readonly Json[]): FieldError {
  return {
    path,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${shown(value)}: supported values: ${supported.map(shown).join(', ')}`,
  };
}

export function fieldForbidden(path: string, detail: string): FieldError {
  return { path, reason: 'FieldValueForbidden', message: `Forbidden: ${detail}` };
}

export function fieldDuplicate(path: string, value: Json): FieldError {
  return { path, reason: 'FieldValueDuplicate', message: `Duplicate value: ${shown(value)}` };
}

/** 422 with one cause a field. `kind` null: of no kind, as for patches. */
export function invalid(
  kind: { readonly group: string; readonly kind: string } | null,
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const lines = errors.map(({ path, message }) => `${path === '' ? '<nil>' : path}: ${message}`);
  const subject = kind === null ? '' : kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: `${subject} ${JSON.stringify(name)} is invalid: ${lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`}`,
    details: {
      ...(name === '' ? {} : { name }),
      ...(kind === null || kind.group === '' ? {} : { group: kind.group }),
      ...(kind === null ? {} : { kind: kind.kind }),
      causes: errors.map(({ path, reason, message }) => ({
        reason,
        message,
        field: path === '' ? '<nil>' : path,
      })),
    },
  });
}
