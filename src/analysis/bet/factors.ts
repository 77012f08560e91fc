/** Never bet all: one block alone must not decide, so that total failure takes two. */
const boldestBet = 0.95;

/** e where the null hypothesis is impossible: as good as infinite. */
export const refuted = 1e40;

/** How many times worse than the limit the alternatives are. */
export const absoluteRatios: readonly number[] = [1.5, 2, 4, 10, 40, 200];
/** The same for the share of slow requests, whose limits are shares of per cent, not of per mille. */
export const slowRatios: readonly number[] = [1.1, 1.3, 1.7, 2.5, 5, 20];

/** The alternatives that fit an absolute limit, 0 to 1. */
export function ratiosFor(limit: number): readonly number[] {
  return limit < 0.02 ? absoluteRatios : slowRatios;
}

/**
 * Is the fraction of bad requests above `limit`? The bet of one block, e_j = 1 + c_j (x/n ÷ limit − 1): its mean is at most 1 if
 * E[x/n | past] ≤ limit, whatever the dependence inside the block. `expectedRequests` is foreseen from past blocks alone.
 */
export function absoluteFactors(
  block: { readonly requests: number; readonly bad: number },
  limit: number,
  ratios: readonly number[],
  expectedRequests: number,
): number[] {
  // A limit of nothing: one bad request refutes it, good ones say nothing.
  if (limit <= 0) return ratios.map(() => (block.bad > 0 ? refuted : 1));
  const surplus = block.bad / block.requests / limit - 1;
  return ratios.map((ratio) => {
    const bet = Math.min(boldestBet, -Math.expm1(-expectedRequests * limit * (ratio - 1)));
    return 1 + bet * surplus;
  });
}

export interface SharedBlock {
  readonly canaryRequests: number;
  readonly canaryBad: number;
  readonly stableRequests: number;
  readonly stableBad: number;
}

/**
 * Does the canary have more than its share of the bad requests, with its odds allowed to be `margin` times stable's? Given m bad
 * requests, W = canary's part of them has mean ≤ θ' = ψ0 n_c / (ψ0 n_c + n_s) if clusters of errors fall on an arm in proportion to
 * its traffic. The rate common to both arms cancels, block by block: an outage of a shared dependency is no evidence.
 */
export function shareFactors(block: SharedBlock, margin: number, ratios: readonly number[]): number[] {
  const bad = block.canaryBad + block.stableBad;
  if (bad === 0 || block.canaryRequests === 0 || block.stableRequests === 0) return ratios.map(() => 1);
  const fair = shareAt(block, margin);
  const surplus = block.canaryBad / bad / fair - 1;
  return ratios.map((ratio) => {
    const single = (shareAt(block, margin * ratio) - fair) / (1 - fair);
    const bet = Math.min(boldestBet, 1 - (1 - single) ** bad);
    return 1 + bet * surplus;
  });
}

function shareAt(block: SharedBlock, odds: number): number {
  return (odds * block.canaryRequests) / (odds * block.canaryRequests + block.stableRequests);
}
