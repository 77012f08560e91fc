import { assert } from '../../lib/assert.ts';

/**
 * Evidence that something is wrong "from the start, or from some later block on": a mixture over the alternatives j and over
 * the onset. With block factors e_{k,j} ≥ 0 whose conditional mean is at most 1 while all is well,
 *
 *   S_{k,j} = (S_{k−1,j} + π_k) · e_{k,j},   E_k = Σ_j v_j S_{k,j} + (1 − Σ_{l≤k} π_l)
 *
 * is a non-negative supermartingale that starts at 1 (a Shiryaev-Roberts recursion with a spent prior), so by Ville's
 * inequality P(sup E ≥ u) ≤ 1/u whatever the number of looks. v_j = 1/J.
 */
export interface OnsetMixture {
  /** S_j, at most `largestSum`: to count less evidence than there is harms no release. */
  readonly sums: readonly number[];
  readonly blocks: number;
}

/** Prior mass of an onset before the first block; most of the rest is spread evenly over the planned blocks. */
export const priorOfTheStart = 0.5;
/** What is kept for a rollout that goes on for longer than planned: in all, however long it lasts. */
const priorAfterThePlan = 0.05;
const priorInThePlan = 1 - priorOfTheStart - priorAfterThePlan;

/** π of the block with this index; 0 is the first. */
export function onsetPrior(index: number, plannedBlocks: number): number {
  if (index === 0) return priorOfTheStart;
  const planned = Math.max(1, plannedBlocks);
  if (index <= planned) return priorInThePlan / planned;
  return (priorAfterThePlan * (planned + 1)) / (index * (index + 1));
}

/** Σ π of the first `blocks` blocks; below 1 for ever. */
export function spentPrior(blocks: number, plannedBlocks: number): number {
  if (blocks === 0) return 0;
  const planned = Math.max(1, plannedBlocks);
  const later = blocks - 1;
  if (later <= planned) return priorOfTheStart + (priorInThePlan * later) / planned;
  return priorOfTheStart + priorInThePlan + priorAfterThePlan * (1 - (planned + 1) / blocks);
}

/** Far beyond every level that decides, and far from where numbers end. */
export const largestSum = 1e60;

export function startMixture(alternatives: number): OnsetMixture {
  return { sums: Array.from({ length: alternatives }, () => 0), blocks: 0 };
}

/** `factors[j]` = e_j of this block; `plannedBlocks` is fixed before the first. */
export function advanceMixture(
  mixture: OnsetMixture,
  factors: readonly number[],
  plannedBlocks: number,
): OnsetMixture {
  return addOnset(mixture, factors, onsetPrior(mixture.blocks, plannedBlocks));
}

/**
 * The e-detector for a time without an end: R_j = (1 + R_j) · e_j, a unit mass for each block instead of a prior. While all is
 * well, the average of the R_j reaches A only after A blocks or more on average (Shin, Ramdas, Rinaldo).
 */
export function advanceDetector(mixture: OnsetMixture, factors: readonly number[]): OnsetMixture {
  return addOnset(mixture, factors, 1);
}

function addOnset({ sums, blocks }: OnsetMixture, factors: readonly number[], prior: number): OnsetMixture {
  assert(factors.length === sums.length, 'one factor for each alternative');
  return {
    sums: sums.map((sum, index) => Math.min(largestSum, (sum + prior) * (factors[index] ?? 0))),
    blocks: blocks + 1,
  };
}

/** E: 1 before the first block. */
export function evidenceOf(mixture: OnsetMixture, plannedBlocks: number): number {
  return meanOf(mixture.sums) + 1 - spentPrior(mixture.blocks, plannedBlocks);
}

export function meanOf(sums: readonly number[]): number {
  let total = 0;
  for (const sum of sums) total += sum;
  return total / sums.length;
}
