import { smallestRankPValue } from '../power.ts';
import { largerByChance, rankSum } from './rank-sum.ts';

/** One value a pod: the mean, or a quantile, of its gauge over the window. The pod is the unit, however often it was read. */
export interface GaugeComparison {
  readonly kind: 'worse' | 'notShown' | 'cannotTell';
  /** P of so large a difference by chance. */
  readonly p: number;
  /** Chance that a canary pod is on the worse side of a stable one. */
  readonly cles: number;
  /** Hodges-Lehmann shift to the worse side, relative to stable's median; null where that is 0. */
  readonly shift: number | null;
  /** The smallest p that so few pods can reach. */
  readonly smallestP: number;
  /** The size alone, whatever chance may do. */
  readonly large: boolean;
  readonly message: string;
}

export interface GaugeSettings {
  readonly alpha: number;
  /** 0.8. */
  readonly leastCles?: number;
  /** 0.1. */
  readonly leastShift?: number;
  /** `higher`. */
  readonly worse?: 'higher' | 'lower';
}

/**
 * Are the canary's pods worse than stable's? Asks for both, significance and size. Gauges are few and depend on each other in time, so this
 * warns and holds; it has no part in the bound on false rollbacks.
 */
export function compareGauges(
  canaryValues: readonly number[],
  stableValues: readonly number[],
  settings: GaugeSettings,
): GaugeComparison {
  const { alpha, leastCles = 0.8, leastShift = 0.1, worse: side = 'higher' } = settings;
  const sign = side === 'higher' ? 1 : -1;
  const canary = canaryValues.map((value) => sign * value);
  const stable = stableValues.map((value) => sign * value);
  if (canary.length === 0 || stable.length === 0) {
    const message = 'no pods to compare';
    return { kind: 'cannotTell', p: 1, cles: 0.5, shift: null, smallestP: 1, large: false, message };
  }
  const smallestP = smallestRankPValue(canary.length, stable.length);
  const p = largerByChance(canary, stable);
  const { cles } = rankSum(canary, stable);
  const middle = median(stable);
  const shift = middle === 0 ? null : hodgesLehmann(canary, stable) / Math.abs(middle);
  const pods = `${canary.length} canary and ${stable.length} stable pods`;
  const large = cles >= leastCles && (shift === null || shift >= leastShift);
  const facts = { p, cles, shift, smallestP, large };
  if (smallestP > alpha) {
    const message = `${pods}: this comparison cannot reach ${percent(alpha)}, at best ${percent(smallestP)}`;
    return { kind: 'cannotTell', ...facts, message };
  }
  const above = shift !== null && shift * sign >= 0 ? 'above' : 'below';
  const size = shift === null ? '' : `, ${percent(Math.abs(shift))} ${above} stable's median`;
  const message = `${pods}: a canary pod is the ${side} one in ${percent(cles)} of pairs${size}; by chance ${percent(p)}`;
  return { kind: p <= alpha && large ? 'worse' : 'notShown', ...facts, message };
}

/** Median of all differences. */
export function hodgesLehmann(x: readonly number[], y: readonly number[]): number {
  return median(x.flatMap((a) => y.map((b) => a - b)));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
