import { incompleteBeta } from '../special/incomplete-beta.ts';
import { logBeta } from '../special/log-gamma.ts';

/** Bounds of a step of the process (−g and h), and where the mixture is tuned to be sharp. */
export interface MixtureTuning {
  readonly g: number;
  readonly h: number;
  /** Intrinsic time (variance) at which the bound is the tightest. */
  readonly v: number;
  readonly alpha: number;
}

/**
 * ln of the beta-binomial mixture supermartingale at sum `s` and intrinsic time `v`, for steps of mean 0 within [−g, h]
 * (Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", propositions 7 and 8).
 */
export function betaBinomialLogMixture(
  s: number,
  v: number,
  tuning: MixtureTuning,
  oneSided = false,
): number {
  const { g, h } = tuning;
  const r = tunedR(tuning, oneSided);
  const sum = g + h;
  const priorA = r / (g * sum);
  const priorB = r / (h * sum);
  const a = (r + v - g * s) / (g * sum);
  const b = (r + v + h * s) / (h * sum);
  const base =
    (v / (g * h)) * Math.log(sum) -
    ((v + h * s) / (h * sum)) * Math.log(g) -
    ((v - g * s) / (g * sum)) * Math.log(h);
  const mixed = base + logBeta(a, b) - logBeta(priorA, priorB);
  if (!oneSided) return mixed;
  const at = h / sum;
  return mixed + Math.log(incompleteBeta(a, b, at)) - Math.log(incompleteBeta(priorA, priorB, at));
}

function tunedR({ g, h, v, alpha }: MixtureTuning, oneSided: boolean): number {
  const logged = Math.log(1 / (oneSided ? 2 * alpha : alpha));
  const rho = v / (2 * logged + Math.log(1 + 2 * logged));
  return Math.max(rho - g * h, 1e-3 * g * h);
}
