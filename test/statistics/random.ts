/** Seeded random numbers for statistics: the same seed gives the same run on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    // sfc32, warmed up.
    this.#a = 0x9e3779b9;
    this.#b = 0x243f6a88;
    this.#c = 0xb7e15162;
    this.#d = seed >>> 0;
    for (let at = 0; at < 15; at += 1) this.uniform();
  }

  /** In [0, 1). */
  uniform(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    return (t >>> 0) / 4294967296;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Exact, by inversion outwards from the mode: about √(np) steps. */
  binomial(n: number, p: number): number {
    if (n <= 0 || p <= 0) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - this.binomial(n, 1 - p);
    const odds = p / (1 - p);
    if (n * p < 20) {
      let mass = (1 - p) ** n;
      let u = this.uniform();
      let k = 0;
      while (u > mass && k < n) {
        u -= mass;
        k += 1;
        mass *= ((n - k + 1) / k) * odds;
      }
      return k;
    }
    const mode = Math.floor((n + 1) * p);
    const top = Math.exp(
      logFactorial(n) -
        logFactorial(mode) -
        logFactorial(n - mode) +
        mode * Math.log(p) +
        (n - mode) * Math.log1p(-p),
    );
    return this.#fromMode(
      mode,
      top,
      (k) => ((n - k) / (k + 1)) * odds,
      (k) => k / ((n - k + 1) * odds),
      n,
    );
  }

  poisson(mean: number): number {
    if (mean <= 0) return 0;
    if (mean < 20) {
      let mass = Math.exp(-mean);
      let u = this.uniform();
      let k = 0;
      while (u > mass && k < 1000) {
        u -= mass;
        k += 1;
        mass *= mean / k;
      }
      return k;
    }
    const mode = Math.floor(mean);
    const top = Math.exp(mode * Math.log(mean) - mean - logFactorial(mode));
    return this.#fromMode(
      mode,
      top,
      (k) => mean / (k + 1),
      (k) => k / mean,
      Number.POSITIVE_INFINITY,
    );
  }

  /** Marsaglia and Tsang. */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  beta(a: number, b: number): number {
    const x = this.gamma(a);
    return x / (x + this.gamma(b));
  }

  /** 1, 2, 3 … with this mean. */
  geometric(mean: number): number {
    return mean <= 1 ? 1 : 1 + Math.floor(Math.log(1 - this.uniform()) / Math.log(1 - 1 / mean));
  }

  #fromMode(
    mode: number,
    top: number,
    up: (k: number) => number,
    down: (k: number) => number,
    highest: number,
  ): number {
    let u = this.uniform() - top;
    if (u < 0) return mode;
    let low = mode;
    let high = mode;
    let lowMass = top;
    let highMass = top;
    while (low > 0 || high < highest) {
      if (high < highest) {
        highMass *= up(high);
        high += 1;
        u -= highMass;
        if (u < 0) return high;
      }
      if (low > 0) {
        lowMass *= down(low);
        low -= 1;
        u -= lowMass;
        if (u < 0) return low;
      }
      if (highMass < 1e-18 && (low === 0 || lowMass < 1e-18)) return mode;
    }
    return mode;
  }
}

const logFactorials: number[] = [0];

function logFactorial(n: number): number {
  for (let k = logFactorials.length; k <= Math.min(n, 20_000); k += 1)
    logFactorials.push((logFactorials[k - 1] ?? 0) + Math.log(k));
  const known = logFactorials[n];
  if (known !== undefined) return known;
  const x = n + 1;
  return (x - 0.5) * Math.log(x) - x + 0.9189385332046728 + 1 / (12 * x) - 1 / (360 * x ** 3);
}
