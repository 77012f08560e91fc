import { failure, ok, type Result } from '../../lib/result.ts';
import { unsound } from '../bet/bad-count.ts';
import type { ArmCounts, LatencyHistogram } from '../block.ts';

/** One line of a trace: what each arm served in the block that ended at `atMs`. */
export interface TraceLine {
  readonly atMs: number;
  /** null: it began where the one before it ended. */
  readonly fromMs: number | null;
  readonly canary: ArmCounts | null;
  readonly stable: ArmCounts | null;
}

export const csvHeader = 'at,canary_requests,canary_errors,stable_requests,stable_errors';

const columns = csvHeader.split(',').length;
/** More requests than this in one block are no count of requests. */
const mostRequests = 1e12;

/** Blanks, quotes and case do not matter, and the columns of stable may be left out. */
export function isCsvHeader(row: string): boolean {
  const header = row.replaceAll(/[\s"]/g, '').toLowerCase();
  return header === csvHeader || header === 'at,canary_requests,canary_errors';
}

/** A line of JSON; the error says what is wrong with it. */
export function readJsonLine(text: string): Result<TraceLine, string> {
  const parsed = parseJson(text);
  if (!isRecord(parsed)) return failure('this is not a JSON object');
  for (const key in parsed)
    if (key !== 'at' && key !== 'canary' && key !== 'stable' && key !== 'from')
      return failure(`"${key.slice(0, 80)}" is no field of a block: at, from, canary, stable`);
  const atMs = readInstant(parsed['at']);
  if (atMs === null)
    return failure('"at" is not an instant: write ISO 8601, or seconds or milliseconds since 1970');
  const from = parsed['from'];
  const fromMs = from === undefined || from === null ? null : readInstant(from);
  if (fromMs === null && from !== undefined && from !== null) return failure('"from" is not an instant');
  if (fromMs !== null && fromMs >= atMs) return failure('"from" is not before "at"');
  const canary = readArm(parsed['canary'], 'canary');
  if (!canary.ok) return canary;
  const stable = readArm(parsed['stable'], 'stable');
  return stable.ok ? ok({ atMs, fromMs, canary: canary.value, stable: stable.value }) : stable;
}

/** A line under the header. Empty cells: that arm was not read. */
export function readCsvLine(text: string): Result<TraceLine, string> {
  const cells = text.split(',').map((cell) => cell.replaceAll('"', '').trim());
  if (cells.length !== columns && cells.length !== 3)
    return failure(`the number of cells is ${cells.length}, where the header has ${columns}`);
  const [at = '', canaryRequests = '', canaryErrors = '', stableRequests = '', stableErrors = ''] = cells;
  const atMs = readInstant(at);
  if (atMs === null) return failure(`"${at.slice(0, 80)}" is not an instant`);
  const canary = readCells(canaryRequests, canaryErrors, 'canary');
  if (!canary.ok) return canary;
  const stable = readCells(stableRequests, stableErrors, 'stable');
  return stable.ok ? ok({ atMs, fromMs: null, canary: canary.value, stable: stable.value }) : stable;
}

function readCells(requests: string, errors: string, name: string): Result<ArmCounts | null, string> {
  if (requests === '' && errors === '') return ok(null);
  return readArm({ requests: readNumber(requests), errors: readNumber(errors) }, name);
}

/** Milliseconds since the epoch; numbers below 100 billion are seconds. A time without a zone is UTC. */
export function readInstant(value: unknown): number | null {
  const number = typeof value === 'string' && decimal.test(value) ? Number(value) : value;
  if (typeof number === 'number') {
    if (!Number.isFinite(number) || number < 0) return null;
    return number < 1e11 ? Math.round(number * 1000) : number < 1e14 ? Math.round(number) : null;
  }
  if (typeof value !== 'string' || value.length > 40) return null;
  const parts = isoInstant.exec(value);
  if (parts === null) return null;
  const [
    ,
    year,
    month,
    day,
    hour = '00',
    minute = '00',
    second = '00',
    fraction = '',
    zone = 'Z',
    more = '00',
  ] = parts;
  const offset = zone.toUpperCase() === 'Z' ? 'Z' : `${zone}:${more}`;
  const atMs = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.replace(',', '.')}${offset}`,
  );
  return Number.isNaN(atMs) || atMs < 0 ? null : Math.round(atMs);
}

const decimal = /^\+?\d+(\.\d+)?([eE]\+?\d+)?$/;
/** Extended and basic format; a date alone is its midnight. */
const isoInstant =
  /^(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2}):?(\d{2})(?::?(\d{2})([.,]\d+)?)? ?(Z|[+-]\d{2})?:?(\d{2})?)?$/i;

function readArm(value: unknown, name: string): Result<ArmCounts | null, string> {
  if (value === undefined || value === null) return ok(null);
  if (!isRecord(value)) return failure(`"${name}" is not an object`);
  const { requests, errors } = value;
  for (const key in value)
    if (key !== 'requests' && key !== 'errors' && key !== 'latency')
      return failure(`"${name}.${key.slice(0, 80)}" is no field of an arm: requests, errors, latency`);
  if (typeof requests !== 'number' || typeof errors !== 'number')
    return failure(`"${name}" needs the numbers requests and errors`);
  const latency = value['latency'] ?? undefined;
  const histogram = latency === undefined ? undefined : readLatency(latency);
  if (typeof histogram === 'string') return failure(`"${name}.latency" ${histogram}`);
  const counts: ArmCounts =
    histogram === undefined ? { requests, errors } : { requests, errors, latency: histogram };
  const problem = unsound(counts);
  if (problem !== null) return failure(`${name}: ${problem}`);
  if (requests > mostRequests) return failure(`${name}: ${requests} requests in one block cannot be`);
  if (errors > requests) return failure(`${name}: ${errors} errors of ${requests} requests`);
  return ok(counts);
}

/** A text says what is wrong. */
function readLatency(value: unknown): LatencyHistogram | string {
  if (!isRecord(value)) return 'is not an object';
  const { unit, bounds, cumulative } = value;
  if (unit !== 's') return 'needs unit "s"';
  if (!isNumbers(bounds))
    return 'needs bounds: a list of seconds, without the one for infinity, since what is missing is slower';
  if (!isNumbers(cumulative)) return 'needs cumulative: a count for each bound';
  return { unit, bounds, cumulative };
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isFinite(item));
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
