import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { referencePages } from './gen/reference-pages.ts';

/**
 * Writes docs/reference/ from the code. With `--check` it writes nothing and compares: exit 1 and the names of the files
 * that differ, which is what CI runs.
 */
const root = join(import.meta.dirname, '..');
const checkOnly = process.argv.includes('--check');
let differing = 0;

for (const { path, text } of referencePages()) {
  const file = join(root, path);
  const before = await readFile(file, 'utf8').catch(() => null);
  if (before === text) continue;
  differing += 1;
  if (checkOnly) {
    process.stderr.write(`${path} ${before === null ? 'is missing' : 'differs from the code'}\n`);
    continue;
  }
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  process.stderr.write(`wrote ${path}\n`);
}

if (checkOnly && differing > 0) {
  process.stderr.write('Run "npm run gen" and commit what it writes.\n');
  process.exitCode = 1;
}
