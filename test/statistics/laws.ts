/** Laws of small numbers of requests, exactly: what the proofs enumerate. */

export function choose(n: number, k: number): number {
  let product = 1;
  for (let at = 1; at <= k; at += 1) product = (product * (n - k + at)) / at;
  return product;
}

/** P(0), P(1) … P(n) of n independent requests that are bad with probability `p`. */
export function binomialLaw(n: number, p: number): readonly number[] {
  return Array.from({ length: n + 1 }, (_, x) => choose(n, x) * p ** x * (1 - p) ** (n - x));
}

/** Fisher's non-central hypergeometric law: how many of `bad` bad requests are the canary's, whose odds are `odds` times stable's. */
export function shareLaw(canary: number, stable: number, bad: number, odds: number): readonly number[] {
  const weights = Array.from({ length: bad + 1 }, (_, x) =>
    x <= canary && bad - x <= stable ? choose(canary, x) * choose(stable, bad - x) * odds ** x : 0,
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** All ways in which `n` requests fall into classes of these probabilities, with the probability of each. */
export function multinomialLaw(
  n: number,
  classes: readonly number[],
): readonly { readonly probability: number; readonly counts: readonly number[] }[] {
  const [first = 1, ...others] = classes;
  if (others.length === 0) return [{ probability: first ** n, counts: [n] }];
  return Array.from({ length: n + 1 }, (_, x) =>
    multinomialLaw(n - x, others).map(({ probability, counts }) => ({
      probability: choose(n, x) * first ** x * probability,
      counts: [x, ...counts],
    })),
  ).flat();
}

/** The share whose odds are `times` those of `share`. */
export function withOdds(share: number, times: number): number {
  return (times * share) / (times * share + 1 - share);
}
