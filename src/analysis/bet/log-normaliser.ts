import { stirlingError } from '../special/log-gamma.ts';

/** Terms of ln Z beyond this far below the largest do not show. */
const negligible = 40;
/** Up to so many terms are summed from the first to the last. */
const mostTerms = 20_000;
/** With a larger deviation the sum is that of the normal law, to 1e-7 of it. */
const largestDeviation = 1_000;

/**
 * ln Σ_u C(n, u) C(m, bad−u) ψ^u, up to a constant that does not depend on ψ: the normaliser of Fisher's non-central hypergeometric law.
 * Any counts up to 10^12 take at most some ten thousand terms.
 */
export function logNormaliser(canary: number, stable: number, bad: number, odds: number): number {
  const first = Math.max(0, bad - stable);
  const last = Math.min(canary, bad);
  // The constant is another one, so the choice must not depend on ψ.
  return last - first <= mostTerms
    ? fromFirst(canary, stable, bad, odds)
    : aroundMode({ canary, stable, bad, odds, first, last });
}

/** Terms relative to the first. */
function fromFirst(canary: number, stable: number, bad: number, odds: number): number {
  const first = Math.max(0, bad - stable);
  const last = Math.min(canary, bad);
  const logOdds = Math.log(odds);
  let log = 0;
  let highest = 0;
  const logs = [0];
  for (let u = first; u < last; u += 1) {
    log += Math.log(((canary - u) * (bad - u)) / ((u + 1) * (stable - bad + u + 1))) + logOdds;
    logs.push(log);
    if (log > highest) highest = log;
    else if (log < highest - negligible) break;
  }
  let sum = 0;
  for (const term of logs) sum += Math.exp(term - highest);
  return highest + Math.log(sum) + first * logOdds;
}

interface Law {
  readonly canary: number;
  readonly stable: number;
  readonly bad: number;
  readonly odds: number;
  readonly first: number;
  readonly last: number;
}

function aroundMode(law: Law): number {
  const { canary, stable, bad, odds, first, last } = law;
  const mode = Math.min(last, Math.max(first, Math.round(modeOf(law))));
  const highest = logChoose(canary, mode) + logChoose(stable, bad - mode) + mode * Math.log(odds);
  const information = 1 / mode + 1 / (canary - mode) + 1 / (bad - mode) + 1 / (stable - bad + mode);
  if (information < largestDeviation ** -2) return highest + 0.5 * Math.log((2 * Math.PI) / information);
  return highest + Math.log(1 + tail(law, mode, 1) + tail(law, mode, -1));
}

/** Where neighbouring terms are equal: (n−u)(bad−u)ψ = u(m−bad+u). */
function modeOf({ canary, stable, bad, odds }: Law): number {
  const a = odds - 1;
  const b = odds * (canary + bad) + stable - bad;
  const c = odds * canary * bad;
  return (2 * c) / (b + Math.sqrt(Math.max(0, b * b - 4 * a * c)));
}

/** Sum of the terms on one side of the mode, relative to it. */
function tail({ canary, stable, bad, odds, first, last }: Law, mode: number, step: 1 | -1): number {
  let sum = 0;
  let term = 1;
  for (let u = mode; step > 0 ? u < last : u > first; u += step) {
    const ratio =
      step > 0
        ? (((canary - u) / (u + 1)) * (bad - u) * odds) / (stable - bad + u + 1)
        : ((u / (canary - u + 1)) * (stable - bad + u)) / ((bad - u + 1) * odds);
    term *= ratio;
    sum += term;
    if (term < 1e-17 * (1 + sum)) break;
  }
  return sum;
}

/** ln C(n, k), exact to 1e-16 of n: differences of ln Γ are not, where n is large. */
function logChoose(n: number, k: number): number {
  if (k <= 0 || k >= n) return 0;
  const entropy = -k * Math.log(k / n) - (n - k) * Math.log1p(-k / n);
  const stirling = stirlingError(n) - stirlingError(k) - stirlingError(n - k);
  return entropy + 0.5 * Math.log(n / (2 * Math.PI * k * (n - k))) + stirling;
}
