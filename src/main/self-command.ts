import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * argv that runs this program again: for keeper, proxy workers and a detached engine. From source it is this folder's
 * `sluice.ts`; in the bundle all modules are one file, which is then its own entry.
 */
export function selfCommand(...args: readonly string[]): readonly string[] {
  return [process.execPath, ...process.execArgv, entryPath, ...args];
}

/** Only `sluice.ts` knows which file is the entry; it is told once at the start. */
let entryPath = '';

export function rememberEntry(url: string): void {
  entryPath = fileURLToPath(url);
}

export function entryUrl(): URL {
  return new URL(`file://${entryPath}`);
}

/** `examples/` of the package: two folders above the source's entry, one above the bundle's. */
export function examplesFolder(): string {
  const up = entryPath.endsWith('.ts') ? '../..' : '..';
  return join(dirname(entryPath), up, 'examples');
}
