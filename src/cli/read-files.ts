import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SluiceError } from '../lib/error.ts';
import type { ManifestFile } from '../resource/view.ts';
import type { CliHost } from './host.ts';

/** Reads manifests as they are named; `-` is stdin. Throws SluiceError `usage` that names the file. */
export async function readFiles(
  host: Pick<CliHost, 'cwd' | 'stdin'>,
  names: readonly string[],
): Promise<readonly ManifestFile[]> {
  if (names.length === 0) {
    throw new SluiceError({
      code: 'usage',
      message: 'no file is named',
      cure: 'Name the manifests, or "-" for stdin.',
    });
  }
  const files: ManifestFile[] = [];
  for (const file of new Set(names))
    files.push({
      file: file === '-' ? 'stdin' : file,
      text: await readOne(host, file),
      folder: file === '-' ? host.cwd : dirname(resolve(host.cwd, file)),
    });
  return files;
}

async function readOne(host: Pick<CliHost, 'cwd' | 'stdin'>, file: string): Promise<string> {
  if (file === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of host.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  }
  try {
    return await readFile(resolve(host.cwd, file), 'utf8');
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

/** The error of a file that could not be read, in words. */
export function unreadable(file: string, thrown: unknown): SluiceError {
  const error = thrown as NodeJS.ErrnoException;
  const why =
    { ENOENT: 'it does not exist', EISDIR: 'it is a folder', EACCES: 'it may not be read' }[
      error.code ?? ''
    ] ?? error.message;
  return new SluiceError({
    code: 'usage',
    message: `cannot read ${file}: ${why}`,
    cure: 'Check the path.',
    cause: thrown,
  });
}
