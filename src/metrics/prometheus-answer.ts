import { failure, ok, type Result } from '../lib/result.ts';

/**
 * The one number of an instant query's answer. null: no data (an empty result or NaN). An infinity stays one. Several series
 * are an error: which of them was meant is a guess. https://prometheus.io/docs/prometheus/latest/querying/api/
 */
export function readInstantAnswer(status: number, body: string): Result<number | null, string> {
  const answer = parse(body);
  if (answer === null) return failure(`it answered ${status} without JSON`);
  if (answer['status'] !== 'success') {
    const { errorType, error } = answer;
    const why =
      typeof error === 'string'
        ? `${typeof errorType === 'string' ? errorType : 'error'}: ${error}`
        : `status ${status}`;
    return failure(`it refused the query: ${why.slice(0, 300)}`);
  }
  const data = asObject(answer['data']);
  const result: unknown = data?.['result'];
  switch (data?.['resultType']) {
    case 'scalar':
      return readPoint(result);
    case 'vector': {
      if (!Array.isArray(result)) return failure('its vector is not a list');
      if (result.length === 0) return ok(null);
      if (result.length > 1)
        return failure(
          `the query gives ${result.length} series, and must give one: aggregate it, for example with sum(...)`,
        );
      return readPoint(asObject(result[0])?.['value']);
    }
    case 'matrix':
      return failure('the query gives a range of samples: write an instant query, without [5m] at its end');
    default:
      return failure('the query does not give a number');
  }
}

/** `[seconds, "number"]`. */
function readPoint(point: unknown): Result<number | null, string> {
  const text: unknown = Array.isArray(point) ? point[1] : undefined;
  if (typeof text !== 'string') return failure('its sample is not a pair of time and value');
  if (text === '+Inf' || text === 'Inf') return ok(Number.POSITIVE_INFINITY);
  if (text === '-Inf') return ok(Number.NEGATIVE_INFINITY);
  if (text === 'NaN') return ok(null);
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isNaN(value) ? failure(`its value "${text.slice(0, 40)}" is not a number`) : ok(value);
}

function parse(body: string): Readonly<Record<string, unknown>> | null {
  try {
    return asObject(JSON.parse(body));
  } catch {
    return null;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}
