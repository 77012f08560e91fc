/** Request latency as a cumulative histogram: `cumulative[i]` requests took at most `bounds[i]`. */
export interface LatencyHistogram {
  readonly unit: 's';
  /** Seconds, strictly rising. The limits in use are among them. */
  readonly bounds: readonly number[];
  /** Same length as `bounds`; never falls; the last is at most the request count (the rest is slower than every bound). */
  readonly cumulative: readonly number[];
}

/** What one arm served within one block. Counts are whole numbers. */
export interface ArmCounts {
  readonly requests: number;
  /** Answers that count against the arm: 5xx, a connection refused or broken, a timeout. A client that left is not one. */
  readonly errors: number;
  readonly latency?: LatencyHistogram;
  /** The same by pod, where the source tells; they add up to the arm's. */
  readonly pods?: Readonly<Record<string, PodCounts>>;
}

/** What one pod of an arm served. */
export interface PodCounts {
  readonly requests: number;
  readonly errors: number;
}

/** What one scrape adds to a check: the difference between two readings of the counters. Any length is valid. */
export interface Block {
  /** End of the block, in wall-clock milliseconds since the epoch. */
  readonly atMs: number;
  readonly durationMs: number;
  /** Absent: the arm was not read. Zero requests: it was read and served none. */
  readonly canary?: ArmCounts;
  readonly stable?: ArmCounts;
}

/** One reading of a metric that is only a number (a ratio, a gauge); `null` where the source had no data (empty, NaN). */
export interface Sample {
  readonly check: string;
  readonly atMs: number;
  readonly value: number | null;
  /** The source could not be asked for this one, and why; `value` is null then. */
  readonly error?: string;
  /** Of a gauge: whose reading it is. */
  readonly arm?: 'canary' | 'stable';
  /** Of a gauge: the pod or replica; unique for ever, a restarted one is another. */
  readonly unit?: string;
}

/** Something that passed or failed as a whole and counts as a check of its own, such as a `rollout` webhook. */
export interface Signal {
  readonly name: string;
  readonly atMs: number;
  readonly passed: boolean;
  readonly message: string;
}
