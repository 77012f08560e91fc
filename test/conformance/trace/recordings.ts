import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { textOfTrace, type Trace } from './trace.ts';

function fileOf(kubernetes: string): string {
  return join(import.meta.dirname, 'recorded', `kubernetes-${kubernetes.replace(/^v/, '')}.json`);
}

/** What a real control plane of that version (`v1.37`) made of the script when it was last recorded; null: it never was. */
export function recordedTrace(kubernetes: string): Trace | null {
  const file = fileOf(kubernetes);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Trace) : null;
}

/** Path of the file that was written. */
export function keepTrace(trace: Trace): string {
  const file = fileOf(trace.kubernetes);
  writeFileSync(file, textOfTrace(trace));
  return file;
}
