/**
 * Evidence that something is wrong "from the start, or from some later block on": a mixture over the alternatives j and over
 * the onset. With block factors e_{k,j} ≥ 0 whose conditional mean is at most 1 while all is well,
 *
 *   S_{k,j} = (S_{k−1,j} + π_k) · e_{k,j},   E_k = Σ_j v_j S_{k,j} + (1 − Σ_{l≤k} π_l)
 *
 * is a non-negative supermartingale that starts at 1 (a Shiryaev-Roberts recursion with a spent prior), so by Ville's
 * inequality P(sup E ≥ u) ≤ 1/u whatever the number of looks. v_j = 1/J. This file has the prior π.
 */

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
