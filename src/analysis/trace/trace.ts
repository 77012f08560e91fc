import type { Block } from '../block.ts';
import { type NumberedLine, type TraceFinding, TraceReader } from './trace-reader.ts';
import { jumpFindings } from './jumps.ts';

export interface Trace {
  readonly blocks: readonly Block[];
  readonly findings: readonly TraceFinding[];
}

/** Where only one block is there, nothing says how long it was. */
const loneBlockMs = 5_000;

/** Reads a whole trace: JSON lines, or CSV with a header. */
export function readTrace(text: string): Trace {
  const reader = new TraceReader();
  reader.add(text);
  return traceOf(reader);
}

/** What was read, as blocks. A block lasts from the end of the one before it; the first is as long as the second. */
export function traceOf(reader: TraceReader): Trace {
  const findings = [...reader.end()];
  const { lines } = reader;
  const blocks = toBlocks(lines);
  findings.push(...jumpFindings(blocks, (index) => lines[index]?.number ?? null));
  const error = (message: string): void => void findings.push({ line: null, severity: 'error', message });
  if (blocks.length === 0) error('the trace has no block that can be read');
  else if (!blocks.some(({ canary }) => canary !== undefined))
    error('the canary served no request in the whole trace');
  return { blocks, findings };
}

/** An arm without a request in the whole trace is no arm. */
function toBlocks(lines: readonly NumberedLine[]): readonly Block[] {
  const hasCanary = lines.some(({ line }) => (line.canary?.requests ?? 0) > 0);
  const hasStable = lines.some(({ line }) => (line.stable?.requests ?? 0) > 0);
  const [first, second] = lines;
  let lastMs =
    first === undefined ? 0 : 2 * first.line.atMs - (second?.line.atMs ?? first.line.atMs + loneBlockMs);
  return lines.map(({ line: { atMs, fromMs, canary, stable } }) => {
    const durationMs = atMs - (fromMs ?? lastMs);
    lastMs = atMs;
    return {
      atMs,
      durationMs,
      ...(hasCanary && canary !== null ? { canary } : {}),
      ...(hasStable && stable !== null ? { stable } : {}),
    };
  });
}
