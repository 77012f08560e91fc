import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type EngineFile, engineFilePath, tokenPath } from '../client/connection.ts';
import { toSluiceError } from '../lib/error.ts';

/** Makes the directory, for this user alone. Throws SluiceError `state-unwritable`. */
export async function makeStateDirectory(state: string): Promise<void> {
  try {
    await mkdirAll(resolve(state));
    // One that was there before may have been made with a wider mask; it holds the token.
    await chmod(state, 0o700);
  } catch (thrown) {
    throw toSluiceError(thrown, 'state-unwritable');
  }
}

/** Not `recursive`: in a file system that answers ENOENT to mkdir, such as /proc, Node would try for ever. */
async function mkdirAll(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) return;
  if (found === null && dirname(path) !== path) await mkdirAll(dirname(path));
  await mkdir(path, { mode: 0o700 });
}

/** The token of this state directory; made at the first start and kept, so that a client survives a restart. */
export async function ensureToken(state: string): Promise<string> {
  const path = tokenPath(state);
  try {
    const token = (await readFile(path, 'utf8')).trim();
    if (token.length >= 32) return token;
  } catch {
    // There is none yet.
  }
  const token = randomBytes(32).toString('base64url');
  await writeWhole(path, `${token}\n`);
  return token;
}

/** Says where the engine is. Written last: who finds the file finds an engine that answers. */
export async function writeEngineFile(state: string, file: EngineFile): Promise<void> {
  await writeWhole(engineFilePath(state), `${JSON.stringify(file)}\n`);
}

export async function removeEngineFile(state: string): Promise<void> {
  await rm(engineFilePath(state), { force: true });
}

async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}
