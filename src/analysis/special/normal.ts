/** Φ(z), the standard normal distribution function, also exact in the lower tail. */
export function normalCdf(z: number): number {
  if (z > 0) return 1 - normalCdf(-z);
  return z > -2 ? 0.5 + z * density(z) * nearSeries(z) : density(z) * millsRatio(-z);
}

/** Φ⁻¹(p) for 0 < p < 1. */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  let z = startOf(p);
  // Halley's method on ln Φ, which is nearly linear in z² where p is small.
  for (let at = 0; at < 8; at += 1) {
    const value = normalCdf(z);
    const slope = density(z) / value;
    const step = Math.log(value / p) / slope;
    z -= step;
    if (Math.abs(step) < 1e-15 * Math.max(1, Math.abs(z))) break;
  }
  return z;
}

function density(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/** Σ z^2k / (1·3·5…(2k+1)). */
function nearSeries(z: number): number {
  let term = 1;
  let sum = 1;
  for (let at = 1; at < 200 && term > sum * 1e-17; at += 1) {
    term *= (z * z) / (2 * at + 1);
    sum += term;
  }
  return sum;
}

/** (1 − Φ(z)) / φ(z) for large z, by Laplace's continued fraction from its end. */
function millsRatio(z: number): number {
  let fraction = z;
  for (let at = 200; at >= 1; at -= 1) fraction = z + at / fraction;
  return 1 / fraction;
}

function startOf(p: number): number {
  const t = Math.sqrt(-2 * Math.log(p));
  return -(t - (2.30753 + 0.27061 * t) / (1 + 0.99229 * t + 0.04481 * t * t));
}
