import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '../lib/error.ts';
import { migrations } from './schema.ts';
import { toRecordError } from './sqlite-error.ts';

const fileName = 'state.db';
const ownerName = 'state.owner';

/**
 * Opens `state.db` in the directory as its one writer. In exclusive locking mode SQLite holds a lock of the kernel on the
 * file until it is closed or the process dies, however it dies: nothing has to be cleaned up after a kill, and a process
 * number that is used again means nothing. `state.owner` only says who holds it, for the message.
 * Errors: `state-locked`, `state-newer`, `state-unwritable`, `state-damaged`.
 */
export function openStateFile(directory: string): DatabaseSync {
  const doing = `opening ${join(directory, fileName)}`;
  let database: DatabaseSync | null = null;
  try {
    makeDirectory(directory);
    database = new DatabaseSync(join(directory, fileName), { timeout: 250 });
    // Exclusive before the first access: the write-ahead log then needs no memory shared between processes.
    database.exec('pragma locking_mode = exclusive');
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec('pragma journal_size_limit = 67108864');
    database.exec('begin exclusive; commit');
    chmodSync(join(directory, fileName), 0o600);
    writeFileSync(join(directory, ownerName), `${JSON.stringify(ownIdentity())}\n`, { mode: 0o600 });
    migrate(database);
    return database;
  } catch (thrown) {
    if (database?.isOpen === true) database.close();
    const error = toRecordError(thrown, doing);
    throw error.code === 'state-locked' ? lockedBy(directory) : error;
  }
}

/** Not `recursive: true`: Node 24 turns in circles for ever where a file system such as /proc answers ENOENT. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('pragma user_version').get()?.['user_version']);
  if (version > migrations.length) {
    throw new SluiceError({
      code: 'state-newer',
      message: `the state file has version ${version}, this Sluice knows up to ${migrations.length}`,
    });
  }
  for (const [index, script] of migrations.entries()) {
    if (index >= version)
      database.exec(`begin immediate; ${script}; pragma user_version = ${index + 1}; commit`);
  }
}

function lockedBy(directory: string): SluiceError {
  let owner = 'another engine';
  try {
    const { pid } = JSON.parse(readFileSync(join(directory, ownerName), 'utf8')) as { pid?: unknown };
    if (typeof pid === 'number') owner = `another engine (process ${pid})`;
  } catch {
    // The owner is between taking the lock and naming itself.
  }
  return new SluiceError({
    code: 'state-locked',
    message: `${owner} runs on the state directory ${directory}`,
  });
}

/** A process for ever: boot, number and start time together are never the same twice. Empty where the system has no /proc. */
function ownIdentity(): { readonly pid: number; readonly bootId: string; readonly startTime: string } {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch {
      return '';
    }
  };
  // Field 22 of stat; the name in parentheses before it may contain spaces.
  const afterName = read('/proc/self/stat').split(') ').at(-1) ?? '';
  return {
    pid: process.pid,
    bootId: read('/proc/sys/kernel/random/boot_id'),
    startTime: afterName.split(' ')[19] ?? '',
  };
}
