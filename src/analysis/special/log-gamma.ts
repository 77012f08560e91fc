const halfLogTwoPi = 0.91893853320467274178;

/** B_2k / (2k(2k−1)): the series of Stirling's remainder. */
const remainder = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
  1 / 156,
  -3617 / 122400,
] as const;

/** From here on eight terms of the series are exact to the last digit. */
const large = 9;

/** ln Γ(x) for x > 0, to 4e-15 of max(1, |ln Γ(x)|). */
export function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  while (shifted < large) {
    product *= shifted;
    shifted += 1;
  }
  const stirling = (shifted - 0.5) * Math.log(shifted) - shifted + halfLogTwoPi + stirlingSeries(shifted);
  return product === 1 ? stirling : stirling - Math.log(product);
}

/** ln B(a, b). */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/**
 * δ(x) = ln Γ(x+1) − (x+½) ln x + x − ½ ln 2π: what Stirling's formula leaves out. It stays exact where ln Γ itself is so large
 * that differences of it are not (Loader, "Fast and accurate computation of binomial probabilities").
 */
export function stirlingError(x: number): number {
  if (x >= large) return stirlingSeries(x);
  return logGamma(x + 1) - (x + 0.5) * Math.log(x) + x - halfLogTwoPi;
}

function stirlingSeries(x: number): number {
  const inverse = 1 / x;
  const square = inverse * inverse;
  let sum = 0;
  for (let at = remainder.length - 1; at >= 0; at -= 1) sum = sum * square + (remainder[at] ?? 0);
  return sum * inverse;
}
