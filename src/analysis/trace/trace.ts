import type { Block } from '../block.ts';
import { csvHeader, readCsvLine, readJsonLine, type TraceLine } from './trace-line.ts';

export interface TraceFinding {
  /** From 1; null: about the whole trace. */
  readonly line: number | null;
  /** `error`: data is missing because of it, so the trace cannot pass. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export interface Trace {
  readonly blocks: readonly Block[];
  readonly findings: readonly TraceFinding[];
}

/** More findings than this say nothing new. */
const mostFindings = 100;
/** Where only one block is there, nothing says how long it was. */
const loneBlockMs = 5_000;

/**
 * Reads a trace: JSON lines, or CSV with the header `csvHeader`. Lines that cannot be, that came before or that are out of order are
 * left out, each with a finding. A block lasts from the end of the one before it; the first is as long as the second.
 */
export function readTrace(text: string): Trace {
  const findings: TraceFinding[] = [];
  let left = 0;
  const find = (finding: TraceFinding): void => {
    if (findings.length < mostFindings) findings.push(finding);
    else left += 1;
  };
  const kept = inOrder(readLines(text, find), find).map(({ line }) => line);
  if (left > 0) findings.push({ line: null, severity: 'warning', message: `and ${left} more findings` });
  if (kept.length === 0)
    findings.push({ line: null, severity: 'error', message: 'the trace has no block that can be read' });
  const blocks = toBlocks(kept);
  if (blocks.length > 0 && !blocks.some(({ canary }) => canary !== undefined))
    findings.push({
      line: null,
      severity: 'error',
      message: 'the canary served no request in the whole trace',
    });
  return { blocks, findings };
}

interface NumberedLine {
  readonly number: number;
  readonly line: TraceLine;
}

function readLines(text: string, find: (finding: TraceFinding) => void): readonly NumberedLine[] {
  const lines: NumberedLine[] = [];
  const rows = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const first = rows.findIndex((row) => row.trim() !== '');
  const isCsv = first >= 0 && !(rows[first] ?? '').trim().startsWith('{');
  if (isCsv && (rows[first] ?? '').replaceAll(' ', '').toLowerCase() !== csvHeader) {
    find({ line: first + 1, severity: 'error', message: `neither JSON nor the header ${csvHeader}` });
    return [];
  }
  for (const [index, row] of rows.entries()) {
    if (row.trim() === '' || (isCsv && index === first)) continue;
    const read = isCsv ? readCsvLine(row) : readJsonLine(row);
    if (read.ok) lines.push({ number: index + 1, line: read.value });
    else find({ line: index + 1, severity: 'error', message: read.error });
  }
  return lines;
}

function inOrder(
  lines: readonly NumberedLine[],
  find: (finding: TraceFinding) => void,
): readonly NumberedLine[] {
  let lastMs = Number.NEGATIVE_INFINITY;
  return lines.filter(({ number, line }) => {
    if (line.atMs > lastMs) {
      lastMs = line.atMs;
      return true;
    }
    const message =
      line.atMs === lastMs
        ? 'a second block for the same instant: left out'
        : 'a block that ends before the one above it: left out';
    find({ line: number, severity: 'warning', message });
    return false;
  });
}

/** An arm without a request in the whole trace is no arm. */
function toBlocks(lines: readonly TraceLine[]): readonly Block[] {
  const hasCanary = lines.some(({ canary }) => (canary?.requests ?? 0) > 0);
  const hasStable = lines.some(({ stable }) => (stable?.requests ?? 0) > 0);
  const firstMs = lines.length > 1 ? (lines[1]?.atMs ?? 0) - (lines[0]?.atMs ?? 0) : loneBlockMs;
  return lines.map(({ atMs, canary, stable }, index) => ({
    atMs,
    durationMs: index === 0 ? firstMs : atMs - (lines[index - 1]?.atMs ?? atMs),
    ...(hasCanary && canary !== null ? { canary } : {}),
    ...(hasStable && stable !== null ? { stable } : {}),
  }));
}
