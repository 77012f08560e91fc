import { assert } from '../../lib/assert.ts';

/**
 * Evidence that something is wrong "from the start, or from some later block on": a mixture over the alternatives j and over
 * the onset. With block factors e_{k,j} ≥ 0 whose conditional mean is at most 1 while all is well,
 *
 *   S_{k,j} = (S_{k−1,j} + π_k) · e_{k,j},   E_k = Σ_j v_j S_{k,j} + (1 − Σ_{l≤k} π_l)
 *
 * is a non-negative supermartingale that starts at 1 (a Shiryaev-Roberts recursion with a spent prior), so by Ville's
 * inequality P(sup E ≥ u) ≤ 1/u whatever the number of looks. v_j = 1/J. All in natural logs.
 */
export interface OnsetMixture {
  /** ln S_j; `null` stands for ln 0, since JSON has no −∞. */
  readonly logSums: readonly (number | null)[];
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

export function startMixture(alternatives: number): OnsetMixture {
  return { logSums: Array.from({ length: alternatives }, () => null), blocks: 0 };
}

/** `logFactors[j]` = ln e_j of this block; `plannedBlocks` is fixed before the first. */
export function advanceMixture(
  mixture: OnsetMixture,
  logFactors: readonly number[],
  plannedBlocks: number,
): OnsetMixture {
  const logPrior = Math.log(onsetPrior(mixture.blocks, plannedBlocks));
  return { logSums: addOnset(mixture.logSums, logFactors, logPrior), blocks: mixture.blocks + 1 };
}

/**
 * The e-detector for a time without an end: R_j = (1 + R_j) · e_j, a unit mass for each block instead of a prior. While all is
 * well, the average of the R_j reaches A only after A blocks or more on average (Shin, Ramdas, Rinaldo).
 */
export function advanceDetector(mixture: OnsetMixture, logFactors: readonly number[]): OnsetMixture {
  return { logSums: addOnset(mixture.logSums, logFactors, 0), blocks: mixture.blocks + 1 };
}

function addOnset(
  logSums: readonly (number | null)[],
  logFactors: readonly number[],
  logPrior: number,
): (number | null)[] {
  assert(logFactors.length === logSums.length, 'one factor for each alternative');
  return logSums.map((logSum, index) => {
    const next = (logSum === null ? logPrior : addLogs(logSum, logPrior)) + (logFactors[index] ?? 0);
    return next === Number.NEGATIVE_INFINITY ? null : next;
  });
}

/** ln E: 0 before the first block. */
export function logEvidenceOf(mixture: OnsetMixture, plannedBlocks: number): number {
  const logMean = logMeanOf(mixture.logSums);
  return addLogs(logMean, Math.log1p(-spentPrior(mixture.blocks, plannedBlocks)));
}

/** ln of the average of the sums; −∞ where all are 0. */
export function logMeanOf(logSums: readonly (number | null)[]): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const logSum of logSums) if (logSum !== null && logSum > highest) highest = logSum;
  if (highest === Number.NEGATIVE_INFINITY) return highest;
  let total = 0;
  for (const logSum of logSums) if (logSum !== null) total += Math.exp(logSum - highest);
  return highest + Math.log(total / logSums.length);
}

/** ln(e^a + e^b) without overflow. */
export function addLogs(a: number, b: number): number {
  const high = Math.max(a, b);
  if (high === Number.NEGATIVE_INFINITY) return high;
  return high + Math.log1p(Math.exp(Math.min(a, b) - high));
}
