import {
  addLogs,
  advanceDetector,
  advanceMixture,
  logEvidenceOf,
  logMeanOf,
  onsetPrior,
  startMixture,
} from './onset-mixture.ts';
import { packSums, unpackSums } from './packed-sums.ts';

/** One process of evidence as it is persisted. A type, not an interface: only so it fits `JudgeState`. */
export type Process = {
  /** Packed logs of the sums. */
  readonly sums: string;
  /** Blocks that said something. */
  readonly blocks: number;
};

/** How a process goes on: against a bound over the whole rollout, or as a detector without an end. */
export type Course = { readonly kind: 'rollout'; readonly plannedBlocks: number } | { readonly kind: 'bake' };

export function startProcess(alternatives: number): Process {
  return { sums: packSums(startMixture(alternatives).logSums), blocks: 0 };
}

/** `growth`: ln of what this block multiplied the sums by, onset prior included. */
export function advanceProcess(
  process: Process,
  logFactors: readonly number[],
  course: Course,
): { readonly process: Process; readonly growth: number } {
  const mixture = { logSums: unpackSums(process.sums), blocks: process.blocks };
  const next =
    course.kind === 'bake'
      ? advanceDetector(mixture, logFactors)
      : advanceMixture(mixture, logFactors, course.plannedBlocks);
  const before = addLogs(logMeanOf(mixture.logSums), logPriorOf(course, process.blocks));
  return {
    process: { sums: packSums(next.logSums), blocks: next.blocks },
    growth: logMeanOf(next.logSums) - before,
  };
}

export function logPriorOf(course: Course, blocks: number): number {
  return course.kind === 'bake' ? 0 : Math.log(onsetPrior(blocks, course.plannedBlocks));
}

/** ln E of a rollout; ln R of a bake, at least −20. */
export function logEvidence(process: Process, course: Course): number {
  const logSums = unpackSums(process.sums);
  if (course.kind === 'bake') return Math.max(-20, logMeanOf(logSums));
  return logEvidenceOf({ logSums, blocks: process.blocks }, course.plannedBlocks);
}

/** Canary requests and bad ones, stable requests and bad ones. */
export type Counts = readonly [number, number, number, number];

/** The likeliest onset: where the evidence since then, times its prior, is the largest (as CUSUM finds it). */
export type Onset = {
  /** End of the block before it. */
  readonly atMs: number;
  /** ln of evidence times prior since then. */
  readonly log: number;
  readonly since: Counts;
};

export function advanceOnset(
  onset: Onset | null,
  growth: number,
  logPrior: number,
  block: { readonly fromMs: number; readonly counts: Counts },
): Onset {
  if (onset === null || onset.log < logPrior) {
    return { atMs: block.fromMs, log: round(logPrior + growth), since: block.counts };
  }
  return {
    atMs: onset.atMs,
    log: round(onset.log + growth),
    since: addCounts(onset.since, block.counts),
  };
}

export function addCounts(a: Counts, b: Counts): Counts {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];
}

/** For print only, so a few digits are enough. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
