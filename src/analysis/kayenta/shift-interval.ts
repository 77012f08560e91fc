import { rankSum } from '../ranks/rank-sum.ts';
import { normalQuantile } from '../special/normal.ts';

/** Shift of x against y: Hodges-Lehmann estimate and confidence bounds. */
export interface ShiftInterval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

const tolerance = 1e-4;

/**
 * Inverts the normal approximation of the rank sum: the shifts μ at which x − μ against y has z = 0 and z = ±z_{1−α/2}, sought within
 * [min x − max y, max x − min y]. Where z never reaches the quantile the bound is the end of that range, so that few samples that do not
 * overlap look certain: that is how Kayenta does it. null: all values are tied.
 */
export function shiftInterval(
  x: readonly number[],
  y: readonly number[],
  confidence: number,
): ShiftInterval | null {
  const left = Math.min(...x) - Math.max(...y);
  const right = Math.max(...x) - Math.min(...y);
  const quantile = normalQuantile(1 - (1 - confidence) / 2);
  const solve = (target: number): number | null => {
    const atLeft = zAt(x, y, left);
    const atRight = zAt(x, y, right);
    if (atLeft === null || atRight === null) return null;
    if (atLeft <= target) return left;
    if (atRight >= target) return right;
    let low = left;
    let high = right;
    // z falls in steps, so halving finds the same step as Brent's method does.
    while (high - low > tolerance / 2) {
      const middle = (low + high) / 2;
      if (middle === low || middle === high) break;
      if ((zAt(x, y, middle) ?? target) > target) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  const estimate = solve(0);
  const low = solve(quantile);
  const high = solve(-quantile);
  return estimate === null || low === null || high === null ? null : { estimate, low, high };
}

function zAt(x: readonly number[], y: readonly number[], shift: number): number | null {
  const n = x.length;
  const m = y.length;
  const { u, ties } = rankSum(
    x.map((value) => value - shift),
    y,
  );
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (!(variance > 0)) return null;
  const distance = u - (n * m) / 2;
  return (distance - 0.5 * Math.sign(distance)) / Math.sqrt(variance);
}
