/** `level`: the evidence u from which on a release is rolled back. */
export type ConformalLevel =
  | {
      readonly kind: 'level';
      /** ln u. */
      readonly logLevel: number;
      /** ln of the k-th largest maximum, and k. */
      readonly logKth: number;
      readonly rank: number;
      /** Rollouts that reach 1/α. */
      readonly aboveDefault: number;
    }
  /** `needed` rollouts are the least. */
  | { readonly kind: 'tooShort'; readonly needed: number };

/**
 * u = max(1/α, k-th largest of the N historic maxima of E), k = ⌊α(N+1)⌋. If the next rollout is exchangeable with these, it reaches u
 * with a probability of at most α, whatever depends on what. `logPeaks` are ln of the maxima.
 */
export function conformalLevel(logPeaks: readonly number[], falseRollback: number): ConformalLevel {
  const rank = Math.floor(falseRollback * (logPeaks.length + 1) + 1e-9);
  if (rank < 1) return { kind: 'tooShort', needed: Math.ceil(1 / falseRollback - 1 - 1e-9) };
  const kth = logPeaks.toSorted((a, b) => b - a)[rank - 1] ?? 0;
  const least = Math.log(1 / falseRollback);
  return {
    kind: 'level',
    logLevel: Math.max(least, kth),
    logKth: kth,
    rank,
    aboveDefault: logPeaks.filter((peak) => peak >= least).length,
  };
}
