import { KubeError, type KubeErrorReason } from '../kube-error.ts';
import { advised } from './advice.ts';
import { recordOf, textOf } from './json-record.ts';

const serverReasons: readonly KubeErrorReason[] = [
  'BadRequest',
  'Unauthorized',
  'Forbidden',
  'NotFound',
  'MethodNotAllowed',
  'NotAcceptable',
  'AlreadyExists',
  'Conflict',
  'Gone',
  'Expired',
  'Invalid',
  'RequestEntityTooLarge',
  'UnsupportedMediaType',
  'TooManyRequests',
  'InternalError',
  'ServiceUnavailable',
  'Timeout',
  'ServerTimeout',
];

/** client-go's `NewGenericServerResponse`. */
const reasonOfCode: Readonly<Record<number, KubeErrorReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'ServiceUnavailable',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

export interface FailedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string;
  /** At least its beginning. */
  readonly text: string;
}

/** `GET /api/v1/pods` of which the server made this. A `Status` body says the reason, else the HTTP status does. */
export function statusError(what: string, answer: FailedAnswer): KubeError {
  const { status: code, text } = answer;
  const retryAfterMs = retryAfterMsOf(answer.retryAfter);
  if (isHtml(answer)) return htmlError(what, answer);
  if (code >= 300 && code < 400) {
    return new KubeError({
      reason: 'Malformed',
      code,
      message: `${what}: the server redirects (${code}) to another place, which no API server does; correct server`,
    });
  }
  const parsed = statusOf(text);
  if (parsed !== null) return errorOfStatus(what, parsed, code, retryAfterMs);
  const reason = reasonOfCode[code] ?? (code >= 500 ? 'InternalError' : 'Unknown');
  const said = excerpt(text);
  return new KubeError({
    reason,
    code,
    retryAfterMs,
    message: advised(`${what}: HTTP ${code}${said === '' ? '' : `: ${said}`}`),
  });
}

/** Of a `Status` object, as the body of an answer or the object of an ERROR event. `code` where the object has none. */
export function errorOfStatus(
  what: string,
  status: Readonly<Record<string, unknown>>,
  httpCode: number,
  retryAfterMs: number | null = null,
): KubeError {
  const code = typeof status['code'] === 'number' && status['code'] > 0 ? status['code'] : httpCode;
  const details = recordOf(status['details']);
  const seconds = details?.['retryAfterSeconds'];
  const said = textOf(status['reason']);
  const reason =
    serverReasons.find((known) => known === said) ??
    reasonOfCode[code] ??
    (code >= 500 ? 'InternalError' : 'Unknown');
  return new KubeError({
    reason,
    code,
    message: advised(`${what}: ${textOf(status['message']) || reason}`),
    retryAfterMs: retryAfterMs ?? (typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : null),
    details,
  });
}

function statusOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed = recordOf(JSON.parse(text));
    return parsed?.['kind'] === 'Status' ? parsed : null;
  } catch {
    return null;
  }
}

export function isHtml({ contentType, text }: Pick<FailedAnswer, 'contentType' | 'text'>): boolean {
  return contentType.includes('text/html') || /^\s*<(!doctype|html)/i.test(text);
}

/**
 * A page of a proxy, a load balancer or a login. Whatever its status is, it says nothing about the object: its 404 must not be taken for
 * a deleted one.
 */
export function htmlError(
  what: string,
  { status: code, text }: Pick<FailedAnswer, 'status' | 'text'>,
): KubeError {
  return new KubeError({
    reason: 'Malformed',
    code,
    message: `${what}: the server answered with a web page (HTTP ${code}: ${excerpt(text)}); see that server names an API server and that no proxy or login page lies between`,
  });
}

/** The words of it, at most 120 letters. */
export function excerpt(text: string): string {
  const words = text
    .slice(0, 4_096)
    .replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    // oxlint-disable-next-line no-control-regex
    .replace(/[\s\u0000-\u001f\u007f\ufffd]+/g, ' ')
    .trim();
  return words.length <= 120 ? words : `${words.slice(0, 119)}…`;
}

/** Seconds, as the API server writes it. A date, as proxies may, is passed over. */
export function retryAfterMsOf(header: string): number | null {
  return /^\d{1,6}$/.test(header.trim()) ? Number(header.trim()) * 1_000 : null;
}
