import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** Longest path of a Unix socket that all systems take: 104 bytes with the final zero on macOS, 108 on Linux. */
const socketPathLimit = 103;
/** `worker-` and eight hex digits are the longest name. */
const longestSocketName = 'worker-00000000.sock';

/** Where everything of one keeper lies. All of it is made with mode 0700 or 0600. */
export interface KeeperPaths {
  readonly stateDir: string;
  readonly stateFile: string;
  readonly lockFile: string;
  readonly logFolder: string;
  /** Of the keeper itself and of its workers. */
  readonly keeperLog: string;
  readonly workerLog: string;
  /** Folder of the sockets: the state directory, or a short one where its path is too long for a socket. */
  readonly socketFolder: string;
  readonly keeperSocket: string;
  /** Names the keeper in the environment of what it starts. */
  readonly keeperId: string;
}

export function keeperPaths(stateDir: string): KeeperPaths {
  const absolute = realOrResolved(stateDir);
  const keeperId = createHash('sha256').update(absolute).digest('hex').slice(0, 16);
  const folder = socketFolderOf(absolute, keeperId);
  return {
    stateDir: absolute,
    stateFile: join(absolute, 'keeper.json'),
    lockFile: join(absolute, 'keeper.lock'),
    logFolder: join(absolute, 'logs'),
    keeperLog: join(absolute, 'logs', 'keeper.log'),
    workerLog: join(absolute, 'logs', 'proxy.log'),
    socketFolder: folder,
    keeperSocket: join(folder, 'keeper.sock'),
    keeperId,
  };
}

/**
 * Makes the folders. Where sockets lie elsewhere, the file `sockets.path` in the state directory says where, for people.
 * Throws if the short folder belongs to somebody else: it stands where anybody may write.
 */
export function makeKeeperFolders(paths: KeeperPaths): void {
  mkdirSync(paths.logFolder, { recursive: true, mode: 0o700 });
  if (paths.socketFolder === paths.stateDir) return;
  mkdirSync(paths.socketFolder, { recursive: true, mode: 0o700 });
  const stat = lstatSync(paths.socketFolder);
  if (!stat.isDirectory() || stat.uid !== userInfo().uid || (stat.mode & 0o077) !== 0) {
    throw new Error(`${paths.socketFolder} must be a folder that only this user can enter`);
  }
  writeFileSync(join(paths.stateDir, 'sockets.path'), `${paths.socketFolder}\n`, { mode: 0o600 });
}

function socketFolderOf(stateDir: string, keeperId: string): string {
  if (Buffer.byteLength(join(stateDir, longestSocketName)) <= socketPathLimit) return stateDir;
  return join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), `sluice-${userInfo().uid}-${keeperId}`);
}

function realOrResolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
