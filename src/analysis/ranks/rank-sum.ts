import { logBeta } from '../special/log-gamma.ts';
import { normalCdf } from '../special/normal.ts';

/** Two samples by ranks. Ties share their middle rank. */
export interface RankSum {
  /** R_x: sum of the ranks of the first sample. */
  readonly ranks: number;
  /** U = R_x − n(n+1)/2: pairs in which the first is the larger, ties half. */
  readonly u: number;
  /** Σ (t³ − t) over groups of ties. */
  readonly ties: number;
  /** U / (n m): chance that one of the first is the larger (common language effect size). */
  readonly cles: number;
}

export function rankSum(x: readonly number[], y: readonly number[]): RankSum {
  const all = [
    ...x.map((value) => ({ value, first: true })),
    ...y.map((value) => ({ value, first: false })),
  ].toSorted((a, b) => a.value - b.value);
  let ranks = 0;
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    // At least itself: NaN equals nothing.
    let to = from + 1;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    const count = to - from;
    ties += count ** 3 - count;
    const middle = (from + 1 + to) / 2;
    for (let at = from; at < to; at += 1) if (all[at]?.first) ranks += middle;
    from = to;
  }
  const u = ranks - (x.length * (x.length + 1)) / 2;
  return { ranks, u, ties, cles: u / (x.length * y.length) };
}

/** Up to so many values on each side the distribution of U is counted out, where there are no ties. */
const mostExact = 50;

/** P(U ≥ u) if both samples are of one distribution: that the first is larger by chance alone. */
export function largerByChance(x: readonly number[], y: readonly number[]): number {
  const n = x.length;
  const m = y.length;
  if (n === 0 || m === 0) return 1;
  const { u, ties } = rankSum(x, y);
  if (ties === 0 && n <= mostExact && m <= mostExact) return exactUpperTail(n, m, u);
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (variance <= 0) return 1;
  return normalCdf(-(u - (n * m) / 2 - 0.5) / Math.sqrt(variance));
}

/** Counts of subsets by their U: f(n, m, u) = f(n−1, m, u−m) + f(n, m−1, u). */
function exactUpperTail(n: number, m: number, u: number): number {
  // rows[k][v]: ways to choose k of the values seen so far with sum of excess v.
  const most = n * m;
  const rows = Array.from({ length: n + 1 }, () => Array.from({ length: most + 1 }, () => 0));
  const first = rows[0];
  if (first) first[0] = 1;
  for (let value = 1; value <= n + m; value += 1) {
    for (let k = Math.min(n, value); k >= 1; k -= 1) {
      const row = rows[k];
      const smaller = rows[k - 1];
      if (!row || !smaller) continue;
      // The k-th chosen value is `value`: it exceeds value − k of the unchosen.
      const gain = value - k;
      if (gain > m) continue;
      for (let v = most; v >= gain; v -= 1) row[v] = (row[v] ?? 0) + (smaller[v - gain] ?? 0);
    }
  }
  const counts = rows[n] ?? [];
  const logAll = -Math.log(n + m + 1) - logBeta(n + 1, m + 1);
  let tail = 0;
  for (let v = Math.ceil(u); v <= most; v += 1) tail += counts[v] ?? 0;
  return Math.min(1, Math.exp(Math.log(tail) - logAll));
}
