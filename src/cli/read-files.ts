import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { SluiceError } from '../lib/error.ts';
import type { ManifestFile } from '../resource/view.ts';
import type { Session } from './session.ts';

/** Reads manifests as they are named; `-` is stdin. Throws SluiceError `usage` that names the file. */
export async function readFiles(
  session: Session,
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
    files.push({ file: file === '-' ? 'stdin' : file, text: await readOne(session, file) });
  return files;
}

async function readOne(session: Session, file: string): Promise<string> {
  if (file === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of session.host.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  }
  try {
    return await readFile(isAbsolute(file) ? file : join(session.host.cwd, file), 'utf8');
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException;
    const why =
      { ENOENT: 'it does not exist', EISDIR: 'it is a folder', EACCES: 'it may not be read' }[
        error.code ?? ''
      ] ?? error.message;
    throw new SluiceError({
      code: 'usage',
      message: `cannot read ${file}: ${why}`,
      cure: 'Check the path.',
      cause: thrown,
    });
  }
}
