import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Logs of replicas that are gone which are kept for a look after a rollback. */
const keptLogs = 10;

/** Removes the oldest logs of replicas that are gone, so that many rollouts do not fill the disk. */
export function pruneLogs(folder: string, inUse: ReadonlySet<string>): void {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  const bases = [...new Set(names.map((name) => name.replace(/\.log\.\d+$/, '.log')))].map((name) =>
    join(folder, name),
  );
  const gone = bases.filter((path) => !inUse.has(path));
  if (gone.length <= keptLogs) return;
  const byAge = gone.toSorted((a, b) => modifiedAtMs(b) - modifiedAtMs(a));
  for (const path of byAge.slice(keptLogs)) {
    for (const suffix of ['', '.1', '.2']) rmSync(`${path}${suffix}`, { force: true });
  }
}

function modifiedAtMs(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
