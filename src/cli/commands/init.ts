import { writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { SluiceError } from '../../lib/error.ts';
import { viewSchema } from '../../resource/view.ts';
import type { CommandFunction } from '../command-options.ts';
import { starterManifest } from '../starter-manifest.ts';

export const run: CommandFunction = async (session, args) => {
  const folder = resolve(session.host.cwd, args[0] ?? '.');
  const path = join(folder, 'sluice.yaml');
  const name = nameFrom(basename(folder));
  try {
    // `wx`: never over a file that is there, also not one that appears this moment.
    await writeFile(path, starterManifest(name), { flag: 'wx' });
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException;
    const message =
      error.code === 'EEXIST'
        ? `${path} exists already; it was left as it is`
        : `cannot write ${path}: ${error.message}`;
    throw new SluiceError({
      code: 'usage',
      message,
      cure: 'Name another folder: sluice init FOLDER.',
      cause: thrown,
    });
  }
  session.progress.line(`Edit command and port in it, then: sluice up -d -f ${path}`);
  await session.out.result({
    document: { schema: viewSchema, kind: 'Done', what: `wrote ${path}` },
    text: () => [path],
  });
  return 0;
};

/** The folder's name as a Kubernetes object name. */
function nameFrom(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return /^[a-z]/.test(name) ? name : `app${name === '' ? '' : `-${name}`}`;
}
