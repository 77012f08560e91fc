import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SluiceError } from '../lib/error.ts';
import { ensureToken, makeStateDirectory } from './state-directory.ts';

async function codeOf(state: string): Promise<string> {
  return await makeStateDirectory(state).then(
    () => 'made',
    (error: SluiceError) => error.code,
  );
}

test('the directory is made for this user alone, whatever it was before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-state-'));
  const state = join(folder, 'a/b/c');
  expect(await codeOf(state)).toBe('made');
  expect(await codeOf(state)).toBe('made');
  expect((await stat(state)).mode & 0o777).toBe(0o700);
  const token = await ensureToken(state);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(await ensureToken(state)).toBe(token);
  expect((await stat(join(state, 'token'))).mode & 0o777).toBe(0o600);
  await rm(folder, { recursive: true });
});

test('a place that cannot be one is refused and nothing hangs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-state-'));
  await writeFile(join(folder, 'file'), '');
  expect(await codeOf(join(folder, 'file'))).toBe('state-unwritable');
  expect(await codeOf(join(folder, 'file/below'))).toBe('state-unwritable');
  if (process.platform === 'linux') expect(await codeOf('/proc/sluice')).toBe('state-unwritable');
  await rm(folder, { recursive: true });
});
