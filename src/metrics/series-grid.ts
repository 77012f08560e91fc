import type { ArmReading } from '../analysis/counters.ts';
import type { HistoryBlock } from '../analysis/history/history.ts';
import { differencePods, type PodCursor, type PodReading } from '../analysis/history/pod-counters.ts';
import type { RawSeries } from './prometheus-range.ts';

/** Which counter a series is. */
export type SeriesRole = 'total' | 'bad' | 'buckets';

/** One series: what was taken of it, and what is still ahead of the grid. */
interface Series {
  readonly role: SeriesRole;
  /** Unique within its source. */
  readonly key: string;
  /** Upper bound in seconds; Infinity for `+Inf`. Only of buckets. */
  readonly bound: number;
  readonly pending: (readonly [atMs: number, value: number])[];
  /** Index of the first of them that was not taken. */
  next: number;
  taken: { readonly atMs: number; readonly value: number } | null;
}

interface Source {
  readonly pod: string;
  readonly series: Map<string, Series>;
}

/** More readings than this part in which total and histogram disagree: they count different requests. */
const toleratedMismatch = 0.01;
/** A reading is merged into the next block at most over so many steps. */
const mergedSteps = 3;

/**
 * Puts raw samples of many series on one grid of instants, and differences what each pod counted between two of them. Samples come in
 * chunks, in order of time; one at the border of two may come twice.
 */
export class SeriesGrid {
  readonly #stepMs: number;
  readonly #sources = new Map<string, Source>();
  readonly #blocks: HistoryBlock[] = [];
  #cursor: PodCursor | null = null;
  #atMs: number;
  #resets = 0;
  #readings = 0;
  #mismatched = 0;
  /** What makes all further reading pointless. */
  #problem: string | null = null;

  constructor(firstMs: number, stepMs: number) {
    this.#atMs = firstMs;
    this.#stepMs = stepMs;
  }

  get problem(): string | null {
    return this.#problem;
  }

  get blocks(): readonly HistoryBlock[] {
    return this.#latencyFits ? this.#blocks : this.#blocks.map(withoutLatency);
  }

  get resets(): number {
    return this.#resets;
  }

  get notes(): readonly string[] {
    return this.#latencyFits
      ? []
      : ['The buckets hold other requests than the total, so latency is left out: select the same requests.'];
  }

  get #latencyFits(): boolean {
    return this.#mismatched <= this.#readings * toleratedMismatch;
  }

  add(role: SeriesRole, all: readonly RawSeries[]): void {
    for (const { labels, samples } of all) {
      const series = this.#seriesOf(role, labels);
      series.pending.splice(0, series.next);
      series.next = 0;
      for (const sample of samples) {
        const [, value] = sample;
        if (Number.isNaN(value)) continue;
        if (!Number.isSafeInteger(value) || value < 0)
          this.#problem ??= `the selector of ${role} gives ${value}, which is no count: select a raw counter`;
        series.pending.push(sample);
      }
    }
  }

  /** Goes on to the last instant of the grid up to `toMs`; everything up to there was added. */
  advance(toMs: number): void {
    for (; this.#atMs <= toMs && this.#problem === null; this.#atMs += this.#stepMs) {
      const readings: PodReading[] = [];
      for (const [name, source] of this.#sources) {
        const counters = this.#read(source, this.#atMs);
        if (counters !== null) readings.push({ pod: source.pod, source: name, counters });
      }
      const farMs = mergedSteps * this.#stepMs;
      const { cursor, block, resets } = differencePods(this.#cursor, readings, this.#atMs, farMs);
      this.#cursor = cursor;
      this.#resets += resets;
      if (block !== null) this.#blocks.push(block);
    }
  }

  #seriesOf(role: SeriesRole, labels: RawSeries['labels']): Series {
    const pod = podOf(labels);
    const name = [pod, labels['instance'], labels['container']].join(' ');
    const source = this.#sources.get(name) ?? { pod, series: new Map<string, Series>() };
    this.#sources.set(name, source);
    const identity = `${role} ${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
    const known = source.series.get(identity);
    if (known !== undefined) return known;
    const bound = role === 'buckets' ? boundOf(labels) : 0;
    if (Number.isNaN(bound)) this.#problem ??= 'the selector of buckets gives series without a bound "le"';
    // Short, since each reading has all of them.
    const made = { role, key: String(source.series.size), bound, pending: [], next: 0, taken: null };
    source.series.set(identity, made);
    return made;
  }

  /** The counters of a source as they stood last in the step that ends at `atMs`; null: it was not read in it. */
  #read(source: Source, atMs: number): ArmReading | null {
    let newestMs = Number.NEGATIVE_INFINITY;
    let fell = false;
    for (const series of source.series.values()) {
      const before = series.taken;
      for (; series.next < series.pending.length; series.next += 1) {
        const [sampleMs, value] = series.pending[series.next] ?? [0, 0];
        if (sampleMs > atMs) break;
        fell ||= value < (series.taken?.value ?? 0);
        series.taken = { atMs: sampleMs, value };
      }
      if (series.taken !== before) newestMs = Math.max(newestMs, series.taken?.atMs ?? newestMs);
    }
    if (newestMs <= atMs - this.#stepMs) return null;
    // After a restart a series is only there again once it counts something. Without one, what is not told stands where it stood.
    for (const series of source.series.values())
      if (fell && series.taken !== null && series.taken.atMs < newestMs) series.taken = null;
    return this.#countersOf(source);
  }

  #countersOf({ series: all }: Source): ArmReading | null {
    const counts: Record<'total' | 'bad', Record<string, number>> = { total: {}, bad: {} };
    const buckets = new Map<number, number>();
    for (const { role, key, bound, taken } of all.values()) {
      if (taken === null) continue;
      if (role === 'buckets') buckets.set(bound, (buckets.get(bound) ?? 0) + taken.value);
      else counts[role][key] = taken.value;
    }
    const observed = buckets.get(Number.POSITIVE_INFINITY);
    const hasTotal = Object.keys(counts.total).length > 0;
    const total = sumOf(counts.total);
    const bad = sumOf(counts.bad);
    if (bad > (hasTotal ? total : (observed ?? 0)))
      this.#problem ??= hasTotal
        ? `bad counts ${bad} where total counts ${total} of the same pod: bad has to be a part of total`
        : 'bad counts in pods in which total does not: both have to come from the same pods';
    if (!hasTotal && observed === undefined) return null;
    this.#readings += 1;
    if (hasTotal && observed !== undefined && Math.abs(observed - total) > total * toleratedMismatch)
      this.#mismatched += 1;
    const bounds = [...buckets.keys()].filter(Number.isFinite).toSorted((a, b) => a - b);
    return {
      requests: hasTotal ? counts.total : { observed: observed ?? 0 },
      errors: counts.bad,
      latency:
        observed === undefined
          ? null
          : { bounds, cumulative: bounds.map((bound) => buckets.get(bound) ?? 0) },
    };
  }
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function withoutLatency(block: HistoryBlock): HistoryBlock {
  const pods = block.pods.map(({ pod, counts: { requests, errors } }) => ({
    pod,
    counts: { requests, errors },
  }));
  return { ...block, pods };
}

/** Whose counter it is; '' where nothing says so. */
function podOf(labels: RawSeries['labels']): string {
  return labels['pod'] ?? labels['kubernetes_pod_name'] ?? labels['pod_name'] ?? labels['instance'] ?? '';
}

/** Seconds; names of histograms in milliseconds say so. */
function boundOf(labels: RawSeries['labels']): number {
  const text = labels['le'];
  if (text === undefined) return Number.NaN;
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  const scale = /_(milliseconds|ms)_bucket$/.test(labels['__name__'] ?? '') ? 1000 : 1;
  return Number(text) / scale;
}
