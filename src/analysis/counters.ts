import type { ArmCounts, Block, LatencyHistogram } from './block.ts';
import { isMonotonic, mergeHistograms } from './histogram.ts';

/** Counters of one arm as they stand in one source (a proxy worker, a pod): they only rise until it starts anew. */
export interface ArmReading {
  /** Requests that ended, by class label. A label that never occurred may be missing: it stood at 0. */
  readonly requests: Readonly<Record<string, number>>;
  /** Those that count against the arm, by class label. */
  readonly errors: Readonly<Record<string, number>>;
  /** null: the source has no histogram. */
  readonly latency: { readonly bounds: readonly number[]; readonly cumulative: readonly number[] } | null;
}

export interface CounterReading {
  /** Unique for ever: a restarted worker is another source. */
  readonly source: string;
  readonly atMs: number;
  /** When its counters stood at 0; null: not known, and taken to be after the analysis began. */
  readonly startedAtMs: number | null;
  readonly canary: ArmReading | null;
  readonly stable: ArmReading | null;
}

/** Where differencing goes on. Plain JSON. */
export interface CounterCursor {
  readonly atMs: number;
  /** Last reading of each source. One that did not answer is kept, so that its history is not counted again. */
  readonly readings: readonly CounterReading[];
}

export interface CounterStep {
  readonly cursor: CounterCursor;
  /** null: nothing to add yet. */
  readonly block: Block | null;
  /** Sources whose counters fell: they restarted, and what they counted since the last reading is lost. */
  readonly resets: readonly string[];
}

/** Sources that vanished are forgotten beyond this many; a worker that crashes in a loop must not grow the cursor. */
const keptSources = 64;

/**
 * What all sources counted since `cursor`, as one block of the full length, however long ago that was (a gap is merged).
 * Without a cursor nothing is counted: the readings are the base. A source that started since the last reading counts from
 * 0, as does a label that its last reading lacked; one that is older, but did not answer before, has its base now.
 */
export function differenceCounters(
  cursor: CounterCursor | null,
  readings: readonly CounterReading[],
): CounterStep | null {
  if (readings.length === 0) return cursor === null ? null : { cursor, block: null, resets: [] };
  const atMs = Math.max(...readings.map((reading) => reading.atMs));
  if (cursor === null) return { cursor: { atMs, readings }, block: null, resets: [] };
  // A clock that stands or goes back gives no block: what was counted joins the next one.
  if (atMs <= cursor.atMs) return { cursor, block: null, resets: [] };
  const resets: string[] = [];
  let canary: ArmCounts | null = null;
  let stable: ArmCounts | null = null;
  for (const reading of readings) {
    const previous = cursor.readings.find((earlier) => earlier.source === reading.source) ?? null;
    const reset =
      previous !== null &&
      (hasFallen(previous.canary, reading.canary) || hasFallen(previous.stable, reading.stable));
    if (reset) resets.push(reading.source);
    if (previous === null && reading.startedAtMs !== null && reading.startedAtMs < cursor.atMs) continue;
    const base = reset ? null : previous;
    if (reading.canary !== null)
      canary = addCounts(canary, differenceArm(base?.canary ?? null, reading.canary));
    if (reading.stable !== null)
      stable = addCounts(stable, differenceArm(base?.stable ?? null, reading.stable));
  }
  const block: Block = {
    atMs,
    durationMs: atMs - cursor.atMs,
    ...(canary === null ? {} : { canary }),
    ...(stable === null ? {} : { stable }),
  };
  return { cursor: { atMs, readings: keepSources(cursor.readings, readings) }, block, resets };
}

/** What one arm counted between two readings of one source; `previous` null counts from 0. */
function differenceArm(previous: ArmReading | null, current: ArmReading): ArmCounts {
  const requests = increase(previous?.requests ?? {}, current.requests);
  const errors = increase(previous?.errors ?? {}, current.errors);
  const latency = differenceLatency(previous?.latency ?? null, current.latency, requests);
  return latency === null ? { requests, errors } : { requests, errors, latency };
}

/** A process restart takes all its counters back at once, so one that fell means that none has a base. */
function hasFallen(previous: ArmReading | null, current: ArmReading | null): boolean {
  if (previous === null || current === null) return false;
  const fell = (before: Readonly<Record<string, number>>, now: Readonly<Record<string, number>>): boolean =>
    Object.entries(before).some(([label, count]) => (now[label] ?? 0) < count);
  return fell(previous.requests, current.requests) || fell(previous.errors, current.errors);
}

function increase(before: Readonly<Record<string, number>>, now: Readonly<Record<string, number>>): number {
  let total = 0;
  for (const [label, count] of Object.entries(now)) total += count - (before[label] ?? 0);
  return total;
}

function differenceLatency(
  previous: ArmReading['latency'],
  current: ArmReading['latency'],
  requests: number,
): LatencyHistogram | null {
  if (current === null) return null;
  if (previous !== null && !sameBounds(previous.bounds, current.bounds)) return null;
  const cumulative = current.cumulative.map((count, index) => count - (previous?.cumulative[index] ?? 0));
  return isMonotonic(cumulative, requests) ? { unit: 's', bounds: current.bounds, cumulative } : null;
}

function sameBounds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((bound, index) => bound === b[index]);
}

/** One part without latency leaves the sum without: its requests would look slower than every bound. */
function addCounts(sum: ArmCounts | null, part: ArmCounts): ArmCounts {
  if (sum === null) return part;
  const requests = sum.requests + part.requests;
  const errors = sum.errors + part.errors;
  if (sum.requests === 0 && part.latency !== undefined) return { requests, errors, latency: part.latency };
  if (part.requests === 0 && sum.latency !== undefined) return { requests, errors, latency: sum.latency };
  const latency = sum.latency && part.latency ? mergeHistograms(sum.latency, part.latency) : null;
  return latency === null ? { requests, errors } : { requests, errors, latency };
}

function keepSources(
  earlier: readonly CounterReading[],
  now: readonly CounterReading[],
): readonly CounterReading[] {
  const answered = new Set(now.map((reading) => reading.source));
  const vanished = earlier.filter((reading) => !answered.has(reading.source));
  const room = Math.max(0, keptSources - now.length);
  return [...(room === 0 ? [] : vanished.slice(-room)), ...now];
}
