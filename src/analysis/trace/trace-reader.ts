import type { ArmCounts, LatencyHistogram } from '../block.ts';
import { isCsvHeader, readCsvLine, readJsonLine, csvHeader, type TraceLine } from './trace-line.ts';

export interface TraceFinding {
  /** From 1; null: about the whole trace. */
  readonly line: number | null;
  /** `error`: data is missing because of it, so the trace cannot pass. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export interface NumberedLine {
  readonly number: number;
  readonly line: TraceLine;
}

/** More findings than this say nothing new. */
const mostFindings = 100;
/** A longer line is no block; without a bound a file without line ends would have to fit into memory. */
const mostCharacters = 16 * 1024 * 1024;

/**
 * Reads a trace in parts of any size, so that its text never has to be in memory as a whole. Lines that cannot be, that came before
 * or that are out of order are left out, each with a finding.
 */
export class TraceReader {
  readonly lines: NumberedLine[] = [];
  readonly #findings: TraceFinding[] = [];
  #unsaid = { count: 0, severity: 'warning' as TraceFinding['severity'] };
  #rest = '';
  #number = 0;
  #tooLong = false;
  #format: 'unknown' | 'json' | 'csv' | 'neither' = 'unknown';
  #lastMs = Number.NEGATIVE_INFINITY;
  #bounds: { canary: readonly number[] | null; stable: readonly number[] | null } = {
    canary: null,
    stable: null,
  };

  /** False: this is no trace, and no more of it needs to be read. */
  add(part: string): boolean {
    let from = 0;
    for (let at = part.indexOf('\n'); at >= 0; at = part.indexOf('\n', from)) {
      this.#take(this.#rest === '' ? part.slice(from, at) : this.#rest + part.slice(from, at));
      this.#rest = '';
      from = at + 1;
      if (this.#format === 'neither') return false;
    }
    this.#rest += part.slice(from);
    if (this.#rest.length <= mostCharacters) return true;
    this.#tooLong = true;
    this.#rest = '';
    // Without a line end in so much text there is no reason to hope for a trace behind it.
    if (this.#format === 'unknown') this.#take('');
    return this.#format !== 'neither';
  }

  /** Takes the last line, where no line end follows it. Findings come in the order of the lines. */
  end(): readonly TraceFinding[] {
    if (this.#rest !== '' || this.#tooLong) this.#take(this.#rest);
    this.#rest = '';
    const { count, severity } = this.#unsaid;
    if (count === 0) return this.#findings;
    const message = `and ${count} more ${count === 1 ? 'line' : 'lines'} like these`;
    return [...this.#findings, { line: null, severity, message }];
  }

  #take(text: string): void {
    this.#number += 1;
    const row = (this.#number === 1 ? text.replace(/^\uFEFF/, '') : text).trim();
    if (this.#tooLong || row.length > mostCharacters) {
      this.#tooLong = false;
      if (this.#format === 'unknown') return this.#refuse();
      this.#find('error', `the line is longer than ${mostCharacters} characters: left out`);
      return;
    }
    if (row === '') return;
    if (this.#format === 'unknown') {
      this.#format = row.startsWith('{') ? 'json' : isCsvHeader(row) ? 'csv' : 'neither';
      if (this.#format === 'neither') return this.#refuse();
      if (this.#format === 'csv') return;
    }
    const read = this.#format === 'csv' ? readCsvLine(row) : readJsonLine(row);
    if (!read.ok) this.#find('error', `${read.error}: left out`);
    else this.#keep(read.value);
  }

  #refuse(): void {
    this.#format = 'neither';
    this.#find('error', `this is no trace: the line is neither a JSON object nor the header ${csvHeader}`);
  }

  #keep(line: TraceLine): void {
    const { atMs, fromMs } = line;
    const last = this.#lastMs;
    if (atMs === last) return this.#find('error', 'a second block for the same instant: left out');
    if (atMs < last) return this.#find('error', 'a block that ends before the one above it: left out');
    if (fromMs !== null && fromMs < last)
      return this.#find('error', 'a block that begins before the one above it ends: left out');
    this.#lastMs = atMs;
    this.lines.push({
      number: this.#number,
      line: {
        atMs,
        fromMs,
        canary: this.#withSharedBounds('canary', line.canary),
        stable: this.#withSharedBounds('stable', line.stable),
      },
    });
  }

  /** A million blocks have the same bounds: they are kept once. */
  #withSharedBounds(arm: 'canary' | 'stable', counts: ArmCounts | null): ArmCounts | null {
    const latency = counts?.latency;
    if (counts === null || latency === undefined) return counts;
    const known = this.#bounds[arm] ?? this.#bounds.stable ?? latency.bounds;
    if (!areEqual(known, latency.bounds)) {
      if (this.#bounds[arm] !== null)
        this.#find('warning', `the histogram of the ${arm} has other bounds from here on`);
      this.#bounds = { ...this.#bounds, [arm]: latency.bounds };
      return counts;
    }
    if (this.#bounds[arm] === null) this.#bounds = { ...this.#bounds, [arm]: known };
    const shared: LatencyHistogram = { unit: 's', bounds: known, cumulative: latency.cumulative };
    return { requests: counts.requests, errors: counts.errors, latency: shared };
  }

  #find(severity: TraceFinding['severity'], message: string): void {
    if (this.#findings.length < mostFindings) {
      this.#findings.push({ line: this.#number, severity, message });
      return;
    }
    this.#unsaid = {
      count: this.#unsaid.count + 1,
      severity: severity === 'error' ? 'error' : this.#unsaid.severity,
    };
  }
}

function areEqual(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((value, index) => value === b[index]));
}
