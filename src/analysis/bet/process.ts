import { onsetPrior, spentPrior } from './onset-mixture.ts';
import { advancePacked, meanOfPacked, packSums } from './packed-sums.ts';

/** One process of evidence as it is persisted: packed sums, and the blocks that said something. */
export type Process = readonly [sums: string, blocks: number];

/** How a process goes on: against a bound over the whole rollout, or as a detector without an end. */
export type Course = { readonly kind: 'rollout'; readonly plannedBlocks: number } | { readonly kind: 'bake' };

export function startProcess(alternatives: number): Process {
  return [packSums(Array.from({ length: alternatives }, () => 0)), 0];
}

/**
 * `factors[j]` = e_j of this block. In a bake each block has a unit mass instead of a prior, R_j = (1 + R_j) · e_j: while all is well,
 * the average of the R_j reaches A only after A blocks or more on average (Shin, Ramdas, Rinaldo, "E-detectors").
 * `growth`: what this block multiplied the sums by, onset prior included.
 */
export function advanceProcess(
  [sums, blocks]: Process,
  factors: readonly number[],
  course: Course,
): { readonly process: Process; readonly growth: number } {
  const { text, before, after } = advancePacked(sums, factors, priorOf(course, blocks));
  return { process: [text, blocks + 1], growth: after / before };
}

function priorOf(course: Course, blocks: number): number {
  return course.kind === 'bake' ? 1 : onsetPrior(blocks, course.plannedBlocks);
}

/** E of a rollout, 1 at its start; R of a bake. */
export function evidenceOfProcess([sums, blocks]: Process, course: Course): number {
  const mean = meanOfPacked(sums);
  return course.kind === 'bake' ? mean : mean + 1 - spentPrior(blocks, course.plannedBlocks);
}

/** Canary requests and bad ones, stable requests and bad ones. */
export type Counts = readonly [number, number, number, number];

/**
 * The likeliest onset, from which on the blocks are the strongest evidence (as CUSUM finds it): end of the block before it, ln of the
 * evidence since then, and what was served since then.
 */
export type Onset = readonly [atMs: number, log: number, ...since: Counts];

export function advanceOnset(
  onset: Onset | null,
  growth: number,
  block: { readonly fromMs: number; readonly counts: Counts },
): Onset {
  const logGrowth = Math.log(Math.max(growth, 1e-30));
  if (onset === null || onset[1] < 0) return [block.fromMs, round(logGrowth), ...block.counts];
  return [onset[0], round(onset[1] + logGrowth), ...addCounts(sinceOf(onset), block.counts)];
}

export function sinceOf([, , a, b, c, d]: Onset): Counts {
  return [a, b, c, d];
}

export function addCounts(a: Counts, b: Counts): Counts {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];
}

/** For print only, so a few digits are enough. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
