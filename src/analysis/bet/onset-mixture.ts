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
  /** Σ π so far, 0 to 1. */
  readonly spent: number;
  readonly blocks: number;
}

/** Prior mass of an onset before the first block; the rest is spread evenly over the planned blocks. */
export const priorOfTheStart = 0.5;

export function startMixture(alternatives: number): OnsetMixture {
  return { logSums: Array.from({ length: alternatives }, () => null), spent: 0, blocks: 0 };
}

/** `logFactors[j]` = ln e_j of this block; `plannedBlocks` is fixed before the first. */
export function advanceMixture(
  mixture: OnsetMixture,
  logFactors: readonly number[],
  plannedBlocks: number,
): OnsetMixture {
  assert(logFactors.length === mixture.logSums.length, 'one factor for each alternative');
  const wanted = mixture.blocks === 0 ? priorOfTheStart : (1 - priorOfTheStart) / Math.max(1, plannedBlocks);
  const prior = Math.min(wanted, 1 - mixture.spent);
  const logPrior = Math.log(prior);
  return {
    logSums: mixture.logSums.map((logSum, index) => {
      const next = addLogs(logSum ?? Number.NEGATIVE_INFINITY, logPrior) + (logFactors[index] ?? 0);
      return next === Number.NEGATIVE_INFINITY ? null : next;
    }),
    spent: mixture.spent + prior,
    blocks: mixture.blocks + 1,
  };
}

/** ln E: 0 before the first block. */
export function logEvidenceOf(mixture: OnsetMixture): number {
  const logWeight = -Math.log(mixture.logSums.length);
  let total = mixture.spent < 1 ? Math.log1p(-mixture.spent) : Number.NEGATIVE_INFINITY;
  for (const logSum of mixture.logSums)
    total = addLogs(total, (logSum ?? Number.NEGATIVE_INFINITY) + logWeight);
  return total;
}

/** ln(e^a + e^b) without overflow. */
export function addLogs(a: number, b: number): number {
  const high = Math.max(a, b);
  if (high === Number.NEGATIVE_INFINITY) return high;
  return high + Math.log1p(Math.exp(Math.min(a, b) - high));
}
