/** What a bench module exports: `bench/NAME.bench.ts`. */
export interface Bench {
  run(options: BenchOptions): Promise<BenchResult>;
}

export interface BenchOptions {
  /** A shorter run whose figures are only a sign. */
  readonly quick: boolean;
  /** One line for people. */
  readonly say: (line: string) => void;
}

export interface BenchResult {
  /** By key; null = could not be measured here, and why was said. */
  readonly figures: Readonly<Record<string, number | null>>;
  /** What it was compared with in the same run, and how that was set up. */
  readonly against: Readonly<Record<string, unknown>>;
}

/** The nearest-rank quantile of unsorted values; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
