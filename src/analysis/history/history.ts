import { type ArmTotals, addToTotals } from '../arm-totals.ts';
import type { ArmCounts, Block } from '../block.ts';

/** What one pod served within one block of the history. */
export interface PodServed {
  readonly pod: string;
  readonly counts: ArmCounts;
}

/** One stretch of what a service's pods served before the release in question; all of them count as stable. */
export interface HistoryBlock {
  /** End, in wall-clock milliseconds since the epoch. */
  readonly atMs: number;
  readonly durationMs: number;
  /** By pod; one entry without a name where only their sum is known. */
  readonly pods: readonly PodServed[];
}

export interface History {
  readonly blocks: readonly HistoryBlock[];
  /** Counters that started anew: what they held since the reading before is lost. */
  readonly resets: number;
  /** What a reader has to know about the data, a sentence each. */
  readonly notes: readonly string[];
}

/** Where a rollout is in its plan: the steps that hold traffic, in order. */
export interface RolloutCourse {
  readonly steps: readonly CourseStep[];
}

export interface CourseStep {
  readonly holdMs: number;
  /** Canary's part of the requests, 0 to 1. */
  readonly share: number;
}

export function lengthOf(course: RolloutCourse): number {
  return course.steps.reduce((sum, { holdMs }) => sum + holdMs, 0);
}

/** Index of the step that an instant after the start belongs to; what is past the end belongs to the last. */
export function stepAt(course: RolloutCourse, sinceStartMs: number): number {
  let endMs = 0;
  const index = course.steps.findIndex(({ holdMs }) => {
    endMs += holdMs;
    return sinceStartMs < endMs;
  });
  return index < 0 ? Math.max(0, course.steps.length - 1) : index;
}

/** Sum of counts; its latency only where every part that served has one with the same bounds. null: there are no parts. */
export function sumCounts(parts: readonly ArmCounts[]): ArmCounts | null {
  let totals: ArmTotals | null = null;
  for (const part of parts) totals = addToTotals(totals, part);
  if (totals === null) return null;
  const { requests, errors, latency, latencyRequests } = totals;
  return latency === null || latencyRequests !== requests
    ? { requests, errors }
    : { requests, errors, latency };
}

/** A trace without a canary, as a history whose pods are not told apart. */
export function historyOfTrace(blocks: readonly Block[]): History {
  return {
    blocks: blocks.map(({ atMs, durationMs, stable }) => ({
      atMs,
      durationMs,
      pods: stable === undefined ? [] : [{ pod: '', counts: stable }],
    })),
    resets: 0,
    notes: [],
  };
}
