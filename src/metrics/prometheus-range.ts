import { failure, ok, type Result } from '../lib/result.ts';

/** Raw samples of one series. */
export interface RawSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** In order; milliseconds since the epoch. */
  readonly samples: readonly (readonly [atMs: number, value: number])[];
}

/** `tooMuch`: a shorter range may be answered. */
export interface RangeFailure {
  readonly tooMuch: boolean;
  readonly message: string;
}

/**
 * The stored samples that an instant query of `selector[range]` answers with. https://prometheus.io/docs/prometheus/latest/querying/api/
 */
export function readRangeAnswer(status: number, body: string): Result<readonly RawSeries[], RangeFailure> {
  const answer = asObject(parse(body));
  if (answer === null) return refuse(`it answered ${status} without JSON`);
  if (answer['status'] !== 'success') {
    const { errorType, error } = answer;
    const why = typeof error === 'string' ? error.slice(0, 300) : `status ${status}`;
    const kind = typeof errorType === 'string' ? errorType : 'error';
    // Prometheus' own limits on samples and time are errors of the execution.
    return failure({
      tooMuch: kind === 'execution' || kind === 'timeout',
      message: `it refused the query: ${kind}: ${why}`,
    });
  }
  const data = asObject(answer['data']);
  const result: unknown = data?.['result'];
  if (data?.['resultType'] !== 'matrix' || !Array.isArray(result))
    return refuse('it did not answer with a range of samples: write a plain selector of a counter');
  const series: RawSeries[] = [];
  for (const item of result) {
    const read = readSeries(asObject(item));
    if (!read.ok) return read;
    series.push(read.value);
  }
  return ok(series);
}

function readSeries(item: Readonly<Record<string, unknown>> | null): Result<RawSeries, RangeFailure> {
  const metric = asObject(item?.['metric']);
  const values: unknown = item?.['values'];
  if (metric === null) return refuse('a series of its answer has no labels');
  if (!Array.isArray(values)) {
    return refuse(
      item?.['histograms'] === undefined
        ? 'a series of its answer has no values'
        : 'the selector gives native histograms, which are not read from history: select classic buckets',
    );
  }
  const samples: (readonly [number, number])[] = [];
  for (const point of values as readonly unknown[]) {
    const sample = readSample(point);
    if (sample === null) return refuse('a sample of its answer is not a pair of time and value');
    samples.push(sample);
  }
  const labels = Object.fromEntries(Object.entries(metric).map(([name, value]) => [name, String(value)]));
  return ok({ labels, samples });
}

/** `[seconds, "number"]`; NaN stays one. */
function readSample(point: unknown): readonly [number, number] | null {
  if (!Array.isArray(point) || typeof point[0] !== 'number' || typeof point[1] !== 'string') return null;
  const text = point[1];
  const value = text === 'NaN' ? Number.NaN : text.endsWith('Inf') ? Number.POSITIVE_INFINITY : Number(text);
  return text.trim() === '' || (Number.isNaN(value) && text !== 'NaN')
    ? null
    : [Math.round(point[0] * 1000), value];
}

function refuse(message: string): { readonly ok: false; readonly error: RangeFailure } {
  return failure({ tooMuch: false, message });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}
