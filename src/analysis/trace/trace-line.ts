import { failure, ok, type Result } from '../../lib/result.ts';
import { unsound } from '../bet/bad-count.ts';
import type { ArmCounts, LatencyHistogram } from '../block.ts';

/** One line of a trace: what each arm served in the block that ended at `atMs`. */
export interface TraceLine {
  readonly atMs: number;
  readonly canary: ArmCounts | null;
  readonly stable: ArmCounts | null;
}

export const csvHeader = 'at,canary_requests,canary_errors,stable_requests,stable_errors';

/** A line of JSON; the error says what is wrong with it. */
export function readJsonLine(text: string): Result<TraceLine, string> {
  const parsed = parseJson(text);
  if (!isRecord(parsed)) return failure('this is not a JSON object');
  const unknown = Object.keys(parsed).find((key) => !['at', 'canary', 'stable'].includes(key));
  if (unknown !== undefined) return failure(`"${unknown}" is no field of a block: at, canary, stable`);
  const atMs = readInstant(parsed['at']);
  if (atMs === null)
    return failure('"at" is not an instant: write ISO 8601, or seconds or milliseconds since 1970');
  const canary = readArm(parsed['canary'], 'canary');
  if (!canary.ok) return canary;
  const stable = readArm(parsed['stable'], 'stable');
  return stable.ok ? ok({ atMs, canary: canary.value, stable: stable.value }) : stable;
}

/** A line under `csvHeader`. Empty cells: that arm was not read. */
export function readCsvLine(text: string): Result<TraceLine, string> {
  const cells = text.split(',').map((cell) => cell.trim());
  if (cells.length !== 5) return failure(`there are ${cells.length} cells where the header has 5`);
  const [at = '', ...counts] = cells;
  const atMs = readInstant(at);
  if (atMs === null) return failure(`"${at}" is not an instant`);
  const arm = (requests = '', errors = '', name: string): Result<ArmCounts | null, string> =>
    requests === '' && errors === ''
      ? ok(null)
      : readArm({ requests: readNumber(requests), errors: readNumber(errors) }, name);
  const canary = arm(counts[0], counts[1], 'canary');
  if (!canary.ok) return canary;
  const stable = arm(counts[2], counts[3], 'stable');
  return stable.ok ? ok({ atMs, canary: canary.value, stable: stable.value }) : stable;
}

/** Milliseconds since the epoch; numbers below 100 billion are seconds. A time without a zone is UTC. */
export function readInstant(value: unknown): number | null {
  const number = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number === 'number') {
    if (!Number.isFinite(number) || number < 0) return null;
    return number < 1e11 ? Math.round(number * 1000) : number < 1e14 ? Math.round(number) : null;
  }
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$/.test(value)) return null;
  const zoned = value.length <= 10 || /(Z|[+-]\d{2}:?\d{2})$/i.test(value) ? value : `${value}Z`;
  const atMs = Date.parse(zoned.replace(' ', 'T'));
  return Number.isNaN(atMs) ? null : atMs;
}

function readArm(value: unknown, name: string): Result<ArmCounts | null, string> {
  if (value === undefined || value === null) return ok(null);
  if (!isRecord(value)) return failure(`"${name}" is not an object`);
  const { requests, errors } = value;
  if (typeof requests !== 'number' || typeof errors !== 'number')
    return failure(`"${name}" needs the numbers requests and errors`);
  const latency = value['latency'] === undefined ? undefined : readLatency(value['latency']);
  if (latency === null) return failure(`"${name}.latency" needs unit "s", bounds and cumulative`);
  const counts: ArmCounts = latency === undefined ? { requests, errors } : { requests, errors, latency };
  const problem = unsound(counts);
  if (problem !== null) return failure(`${name}: ${problem}`);
  if (errors > requests) return failure(`${name}: ${errors} errors of ${requests} requests`);
  return ok(counts);
}

function readLatency(value: unknown): LatencyHistogram | null {
  if (!isRecord(value) || value['unit'] !== 's') return null;
  const { bounds, cumulative } = value;
  return isNumbers(bounds) && isNumbers(cumulative) ? { unit: 's', bounds, cumulative } : null;
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readNumber(text: string): number {
  return /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
