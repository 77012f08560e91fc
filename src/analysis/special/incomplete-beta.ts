import { stirlingError } from './log-gamma.ts';

/** I_x(a, b), the regularised incomplete beta function, for a, b > 0 and 0 ≤ x ≤ 1; by Lentz' continued fraction, to 2e-11 for a, b up to 2e7. */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return x <= a / (a + b) ? lower(a, b, x, 1 - x) : 1 - lower(b, a, 1 - x, x);
}

/** P(X ≥ k) of X binomial(n, p): exact. */
export function binomialAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  return k > n ? 0 : incompleteBeta(k, n - k + 1, p);
}

/** Exact interval of a binomial share (Clopper-Pearson), each side missing with at most `alpha`/2. */
export function clopperPearson(
  x: number,
  n: number,
  alpha: number,
): { readonly low: number; readonly high: number } {
  const solve = (tail: (p: number) => number, target: number): number => {
    let low = 0;
    let high = 1;
    for (let at = 0; at < 60; at += 1) {
      const middle = (low + high) / 2;
      if (tail(middle) < target) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  return {
    low: x <= 0 ? 0 : solve((p) => binomialAtLeast(x, n, p), alpha / 2),
    high: x >= n ? 1 : solve((p) => binomialAtLeast(x + 1, n, p), 1 - alpha / 2),
  };
}

/** For x below the mean, where the fraction converges quickly; `y` = 1 − x. */
function lower(a: number, b: number, x: number, y: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 - ((a + b) * x) / (a + 1);
  d = 1 / (Math.abs(d) < tiny ? tiny : d);
  let fraction = d;
  for (let m = 1; m <= 100_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    c = 1 + even / c;
    if (Math.abs(c) < tiny) c = tiny;
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    c = 1 + odd / c;
    if (Math.abs(c) < tiny) c = tiny;
    const change = d * c;
    fraction *= change;
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return (density(a, b, x, y) / a) * fraction;
}

/** x^a y^b / B(a, b), by deviances instead of differences of large logarithms. */
function density(a: number, b: number, x: number, y: number): number {
  const n = a + b;
  const errors = stirlingError(n) - stirlingError(a) - stirlingError(b);
  const exponent = errors - deviance(a, n * x) - deviance(b, n * y);
  return Math.sqrt((a * b) / (2 * Math.PI * n)) * Math.exp(exponent);
}

/** x ln(x/m) + m − x, exact also where x ≈ m. */
function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let power = 2 * x * v;
  for (let at = 1; at < 1000; at += 1) {
    power *= v * v;
    const next = sum + power / (2 * at + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}
