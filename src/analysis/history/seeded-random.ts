import { logGamma } from '../special/log-gamma.ts';

/** Uniform in [0, 1). */
export type Uniform = () => number;

/** Always the same numbers for the same seed, so that a report can be repeated. Mulberry32: enough to draw pods and splits. */
export function seededUniform(seed: number): Uniform {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The items in a random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], uniform: Uniform): readonly T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(uniform() * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

/** Below this many it is quicker to draw one by one. */
const few = 24;

/** How many of `draws`, taken without putting back from `population` of which `marked` are marked, are marked. Exact. */
export function hypergeometric(population: number, marked: number, draws: number, uniform: Uniform): number {
  if (marked <= 0 || draws <= 0) return 0;
  if (marked >= population) return Math.min(draws, population);
  if (draws >= population) return marked;
  if (marked <= few) return oneByOne(population, marked, draws, uniform);
  const lowest = Math.max(0, draws - (population - marked));
  const highest = Math.min(draws, marked);
  const mode = Math.min(
    highest,
    Math.max(lowest, Math.floor(((draws + 1) * (marked + 1)) / (population + 2))),
  );
  return outwards({
    mode,
    lowest,
    highest,
    mass: Math.exp(
      logChoose(marked, mode) + logChoose(population - marked, draws - mode) - logChoose(population, draws),
    ),
    up: (k) => ((marked - k) * (draws - k)) / ((k + 1) * (population - marked - draws + k + 1)),
    uniform,
  });
}

function oneByOne(population: number, marked: number, draws: number, uniform: Uniform): number {
  let left = draws;
  let found = 0;
  for (let index = 0; index < marked; index += 1) {
    if (uniform() * (population - index) >= left) continue;
    found += 1;
    left -= 1;
  }
  return found;
}

interface Outwards {
  readonly mode: number;
  readonly lowest: number;
  readonly highest: number;
  /** Probability of the mode. */
  readonly mass: number;
  /** P(k + 1) / P(k). */
  readonly up: (k: number) => number;
  readonly uniform: Uniform;
}

/** By inversion from the mode to both sides: about as many steps as the standard deviation. */
function outwards({ mode, lowest, highest, mass, up, uniform }: Outwards): number {
  let rest = uniform() - mass;
  let low = mode;
  let high = mode;
  let lowMass = mass;
  let highMass = mass;
  while (rest >= 0 && (low > lowest || high < highest)) {
    if (high < highest) {
      highMass *= up(high);
      high += 1;
      rest -= highMass;
      if (rest < 0) return high;
    }
    if (low > lowest) {
      lowMass /= up(low - 1);
      low -= 1;
      rest -= lowMass;
      if (rest < 0) return low;
    }
    // What rounding left over.
    if (highMass < 1e-18 && lowMass < 1e-18) break;
  }
  return mode;
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}
