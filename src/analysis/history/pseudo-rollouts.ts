import { medianOf } from '../trace/jumps.ts';
import type { HistoryBlock } from './history.ts';

/** Hours of the day, UTC, in which rollouts begin: from `from` on and before `to`; `22` to `6` goes over midnight. */
export interface Hours {
  readonly from: number;
  readonly to: number;
}

export interface CutOptions {
  /** Of a real rollout. */
  readonly lengthMs: number;
  readonly hours?: Hours;
}

export type LeftOut = 'gap' | 'otherHours' | 'noTraffic' | 'rest';

export interface Cut {
  /** Disjoint stretches of the wanted length, each without a gap, in order. */
  readonly rollouts: readonly (readonly HistoryBlock[])[];
  /** The other blocks, by why they are in none. */
  readonly leftOut: Readonly<Record<LeftOut, readonly HistoryBlock[]>>;
}

/** A block that is longer than this part of a rollout is a gap itself: nobody knows when in it things happened. */
export const longestPart = 0.25;
/** And so is one that is longer than so many others, unless it is short none the less. */
const longestTimes = 5;
const shortMs = 60_000;

/** Cuts a history into disjoint pseudo-rollouts. Each block is in exactly one of them, or in exactly one heap of what is left out. */
export function cutHistory(blocks: readonly HistoryBlock[], options: CutOptions): Cut {
  const { lengthMs, hours } = options;
  const rollouts: (readonly HistoryBlock[])[] = [];
  const leftOut: Record<LeftOut, HistoryBlock[]> = { gap: [], otherHours: [], noTraffic: [], rest: [] };
  let open: HistoryBlock[] = [];
  let startMs = 0;
  const usualMs = medianOf(blocks.map(({ durationMs }) => durationMs));
  const longestMs = Math.min(lengthMs * longestPart, Math.max(shortMs, usualMs * longestTimes));
  const dropOpen = (): void => {
    leftOut.gap.push(...open);
    open = [];
  };
  for (const block of blocks) {
    const fromMs = block.atMs - block.durationMs;
    if (open.length > 0 && Math.abs(fromMs - (open.at(-1)?.atMs ?? 0)) > 1) dropOpen();
    if (block.durationMs > longestMs) {
      dropOpen();
      leftOut.gap.push(block);
      continue;
    }
    if (open.length === 0) {
      if (hours !== undefined && !isWithin(hours, fromMs)) {
        leftOut.otherHours.push(block);
        continue;
      }
      startMs = fromMs;
    }
    open.push(block);
    if (block.atMs - startMs < lengthMs) continue;
    if (open.some(({ pods }) => pods.some(({ counts }) => counts.requests > 0))) rollouts.push(open);
    else leftOut.noTraffic.push(...open);
    open = [];
  }
  leftOut.rest.push(...open);
  return { rollouts, leftOut };
}

function isWithin({ from, to }: Hours, atMs: number): boolean {
  const hour = Math.floor(atMs / 3_600_000) % 24;
  return from <= to ? hour >= from && hour < to : hour >= from || hour < to;
}
