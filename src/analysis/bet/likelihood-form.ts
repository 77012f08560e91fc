import { refuted } from './factors.ts';
import type { FactorForm } from './forms.ts';
import { logNormaliser } from './log-normaliser.ts';

/**
 * Likelihood ratios of single requests: ln e_j = x ln(p_j/p0) + (n−x) ln((1−p_j)/(1−p0)) against a limit, and Fisher's non-central
 * hypergeometric law of the canary's part, given all bad requests, against stable. Both rise in x, so they hold for every rate up to the
 * limit. With clusters of up to φ requests the φ-th root is still evidence (Hölder).
 */
export function likelihoodForm(dispersion: number): FactorForm {
  return {
    absolute: ({ requests, bad }, limit, ratios) => {
      if (limit <= 0) return ratios.map(() => (bad > 0 ? refuted : 1));
      return ratios.map((ratio) => {
        const alternative = Math.min(0.9, Math.max(limit * ratio, limit));
        const good = (requests - bad) * Math.log((1 - alternative) / (1 - limit));
        return alternative <= limit ? 1 : bounded((bad * Math.log(alternative / limit) + good) / dispersion);
      });
    },
    share: ({ canaryRequests, canaryBad, stableRequests, stableBad }, margin, ratios) => {
      const bad = canaryBad + stableBad;
      if (bad === 0 || canaryRequests === 0 || stableRequests === 0) return ratios.map(() => 1);
      const fair = logNormaliser(canaryRequests, stableRequests, bad, margin);
      return ratios.map((ratio) => {
        const worse = logNormaliser(canaryRequests, stableRequests, bad, margin * ratio);
        return bounded((canaryBad * Math.log(ratio) - worse + fair) / dispersion);
      });
    },
  };
}

/** A single block of thousands of failures must not leave the numbers there are. */
function bounded(logFactor: number): number {
  return Math.min(refuted, Math.exp(logFactor));
}
