import { mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identify } from '../process/identity.ts';
import { readHolder, takeKeeperLock } from './keeper-lock.ts';
import { keeperPaths, makeKeeperFolders } from './paths.ts';
import { type KeeperState, readKeeperState, StateFile } from './state-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('sockets lie in the state directory, or where its path is too long in a short folder that is named there', () => {
  expect(keeperPaths(folder).keeperSocket).toBe(join(folder, 'keeper.sock'));
  const deep = join(folder, 'a-long-name-'.repeat(10));
  mkdirSync(deep);
  const paths = keeperPaths(deep);
  makeKeeperFolders(paths);
  expect(Buffer.byteLength(join(paths.socketFolder, 'worker-00000000.sock'))).toBeLessThanOrEqual(103);
  expect(readFileSync(join(deep, 'sockets.path'), 'utf8')).toBe(`${paths.socketFolder}\n`);
  expect(statSync(paths.socketFolder).mode & 0o777).toBe(0o700);
  expect(keeperPaths(deep)).toEqual(paths);
  rmSync(paths.socketFolder, { recursive: true });
});

test('the short folder is refused if others can enter it', () => {
  const deep = join(folder, 'b-long-name-'.repeat(10));
  mkdirSync(deep);
  const paths = keeperPaths(deep);
  mkdirSync(paths.socketFolder, { mode: 0o755 });
  expect(() => makeKeeperFolders(paths)).toThrow('must be a folder that only this user can enter');
  rmSync(paths.socketFolder, { recursive: true });
});

test('the lock is one living process, and a dead holder holds nothing', async () => {
  const path = join(folder, 'lock');
  const self = identify(process.pid);
  writeFileSync(path, JSON.stringify({ ...self, startTime: '1' }));
  expect(await takeKeeperLock(path)).toBe(true);
  expect(readHolder(path)).toEqual(self);
  expect(await takeKeeperLock(path)).toBe(false);
});

const state = (bootId: string): KeeperState => ({ version: 1, bootId, services: [], workers: [] });

test('many changes are few writes, the last of which is what is true at the end', async () => {
  const path = join(folder, 'keeper.json');
  let count = 0;
  let collected = 0;
  const file = new StateFile(
    path,
    () => {
      collected += 1;
      return state(`boot-${count}`);
    },
    () => undefined,
  );
  const saves: Promise<void>[] = [];
  for (; count < 50; count += 1) saves.push(file.save());
  await Promise.all(saves);
  expect(readKeeperState(path)).toEqual(state('boot-50'));
  expect(collected).toBeLessThan(5);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a disk that cannot be written is told, and the next save tries again', async () => {
  const path = join(folder, 'missing', 'keeper.json');
  const troubles: string[] = [];
  const file = new StateFile(
    path,
    () => state('boot'),
    (message) => troubles.push(message),
  );
  await file.save();
  expect(troubles).toEqual([expect.stringContaining('cannot be written')]);
  mkdirSync(join(folder, 'missing'));
  await file.save();
  expect(readKeeperState(path)).toEqual(state('boot'));
});

test('a state of a newer version, or one that is damaged, is refused with its code', () => {
  const path = join(folder, 'keeper.json');
  expect(readKeeperState(path)).toBeNull();
  writeFileSync(path, '{"version":2}');
  expect(() => readKeeperState(path)).toThrow(expect.objectContaining({ code: 'state-newer' }));
  writeFileSync(path, '{');
  expect(() => readKeeperState(path)).toThrow(expect.objectContaining({ code: 'state-unwritable' }));
});
