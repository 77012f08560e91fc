import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type History, historyOfTrace } from '../../analysis/history/history.ts';
import type { PastRollout } from '../../analysis/history/judge-rollout.ts';
import type { TraceFinding } from '../../analysis/trace/trace-reader.ts';
import { usage } from '../command-options.ts';
import type { CliHost } from '../host.ts';
import { readTraceFile } from '../read-trace.ts';

export interface TraceFiles {
  /** Recorded rollouts that went well, and those that are known to be bad. */
  readonly healthy: readonly PastRollout[];
  readonly bad: readonly PastRollout[];
  /** Files without a canary. */
  readonly histories: readonly History[];
  readonly notes: readonly string[];
}

/** A rollout in a file of this name is known to be bad. */
const badName = /\.bad\.(jsonl|csv)$/;
const traceName = /\.(jsonl|csv)$/;

/** Reads traces; of a folder all files `*.jsonl` and `*.csv`. Those in `bad` are bad whatever their name. Throws SluiceError `usage`. */
export async function readTraceFiles(
  host: Pick<CliHost, 'cwd' | 'stdin'>,
  names: readonly string[],
  bad: readonly string[],
): Promise<TraceFiles> {
  const { cwd } = host;
  const listed = (await Promise.all(names.map((name) => filesOf(cwd, name)))).flat();
  const badFiles = new Set(bad.map((name) => resolve(cwd, name)));
  const files = [...new Map([...bad, ...listed].map((file) => [resolve(cwd, file), file])).values()];
  const healthy: PastRollout[] = [];
  const known: PastRollout[] = [];
  const histories: History[] = [];
  const notes: string[] = [];
  for (const file of files) {
    const { blocks, findings } = await readTraceFile(host, file);
    const [first] = blocks;
    if (first === undefined) throw usage(`${file}: ${findings[0]?.message ?? 'the trace is empty'}`);
    const isBad = badName.test(file) || badFiles.has(resolve(cwd, file));
    const hasCanary = blocks.some(({ canary }) => canary !== undefined);
    notes.push(...notesOf(file, findings, hasCanary));
    if (!isBad && !hasCanary) {
      histories.push(historyOfTrace(blocks));
      continue;
    }
    // A bad stretch without a canary is judged as a whole.
    const tried = hasCanary
      ? blocks
      : blocks.map(({ atMs, durationMs, stable }) => ({
          atMs,
          durationMs,
          ...(stable && { canary: stable }),
        }));
    (isBad ? known : healthy).push({
      startMs: first.atMs - first.durationMs,
      file,
      arms: { kind: 'recorded', blocks: tried },
    });
  }
  return { healthy, bad: known, histories, notes };
}

function notesOf(file: string, findings: readonly TraceFinding[], hasCanary: boolean): readonly string[] {
  // That there is no canary is what makes it a history.
  const told = findings.filter(({ line }) => line !== null || hasCanary);
  return told.map(({ line, message }) => `${file}${line === null ? '' : `:${line}`}: ${message}`);
}

async function filesOf(cwd: string, name: string): Promise<readonly string[]> {
  const path = resolve(cwd, name);
  if (name === '-') return [name];
  const found = await stat(path).catch(() => null);
  if (found === null) throw usage(`cannot read ${name}: it does not exist`);
  if (!found.isDirectory()) return [name];
  const files = (await readdir(path)).filter((file) => traceName.test(file)).toSorted();
  if (files.length === 0) throw usage(`${name} holds no trace: files *.jsonl or *.csv`);
  return files.map((file) => join(name, file));
}
