import { type ArmReading, type CounterCursor, differenceCounters } from '../counters.ts';
import type { HistoryBlock, PodServed } from './history.ts';

/** Counters of one source (a container of a pod) as they stood last before the end of a block. */
export interface PodReading {
  readonly pod: string;
  readonly source: string;
  readonly counters: ArmReading;
}

/** Where differencing goes on. */
export interface PodCursor {
  readonly atMs: number;
  /** By pod; one that did not answer keeps its place. */
  readonly pods: ReadonlyMap<string, CounterCursor>;
}

export interface PodStep {
  readonly cursor: PodCursor;
  /** null: nothing to add, since there was no reading, or none before it that is near enough. */
  readonly block: HistoryBlock | null;
  readonly resets: number;
}

/**
 * What each pod counted since its last reading, by the rules of `differenceCounters`. A pod that is new counts from 0 if the service was
 * read just before; after more than `farMs` without a reading, of the pod or of all, there is a new base and nothing is counted,
 * since nobody knows when it was.
 */
export function differencePods(
  before: PodCursor | null,
  readings: readonly PodReading[],
  atMs: number,
  farMs: number,
): PodStep {
  if (readings.length === 0) return { cursor: before ?? { atMs, pods: new Map() }, block: null, resets: 0 };
  const sinceMs = before === null || before.pods.size === 0 ? null : before.atMs;
  const isNear = sinceMs !== null && atMs - sinceMs <= farMs;
  const pods = new Map(before?.pods);
  const served: PodServed[] = [];
  let resets = 0;
  for (const [pod, own] of byPod(readings)) {
    const sources = own.map(({ source, counters }) => ({
      source,
      atMs,
      startedAtMs: null,
      canary: null,
      stable: counters,
    }));
    const known = pods.get(pod);
    const isKnown = known !== undefined && atMs - known.atMs <= farMs;
    const from = isKnown ? known : known === undefined && isNear ? { atMs: sinceMs, readings: [] } : null;
    const step = differenceCounters(from, sources);
    if (step === null) continue;
    pods.set(pod, step.cursor);
    resets += step.resets.length;
    if (step.block?.stable !== undefined) served.push({ pod, counts: step.block.stable });
  }
  const block = isNear ? { atMs, durationMs: atMs - sinceMs, pods: served } : null;
  return { cursor: { atMs, pods }, block, resets };
}

function byPod(readings: readonly PodReading[]): ReadonlyMap<string, readonly PodReading[]> {
  return Map.groupBy(readings, ({ pod }) => pod);
}
