import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { keeperMark } from '../process/environment.ts';
import { isAlive } from '../process/identity.ts';
import { inheritMark, receiveInheritance } from './inheritance.ts';
import { Keeper } from './keeper.ts';
import { readHolder, takeKeeperLock } from './keeper-lock.ts';
import { keeperPaths, makeKeeperFolders, type KeeperPaths } from './paths.ts';
import { type KeeperState, readKeeperState } from './state-file.ts';

export interface RunKeeperOptions {
  readonly stateDir: string;
  /** argv of the hidden command that runs a proxy worker, such as `[process.execPath, '…/sluice.ts', '_proxy']`. */
  readonly entry: readonly string[];
  readonly workers: number;
}

/** How long one waits for the keeper that the workers of a dead one start. */
const guardianLimitMs = 5_000;

/**
 * The keeper's process, from start to end: resolves when it was told to shut down and everything is stopped, or at once if
 * another keeper runs on the state directory. The hidden command ends with it.
 */
export async function runKeeper(options: RunKeeperOptions): Promise<void> {
  const paths = keeperPaths(options.stateDir);
  makeKeeperFolders(paths);
  const inherits = process.env[inheritMark] !== undefined;
  const inheritance = inherits ? receiveInheritance() : Promise.resolve([]);
  // What it was started with must not be found in what it starts.
  for (const name of [inheritMark, keeperMark, 'NODE_CHANNEL_FD', 'SLUICE_WORKER_ID', 'SLUICE_WORKER_SOCKET'])
    delete process.env[name];
  if (!inherits && (await guardianStartsOne(paths))) return;
  if (!(await takeKeeperLock(paths.lockFile))) return;
  const ended = Promise.withResolvers<void>();
  const log = (message: string): void => {
    process.stderr.write(`${new Date().toISOString()} ${message}\n`);
  };
  const keeper = new Keeper({
    paths,
    workerCommand: options.entry,
    workers: options.workers,
    workerEnv: {
      ...process.env,
      SLUICE_STATE_DIR: paths.stateDir,
      SLUICE_KEEPER_COMMAND: JSON.stringify([
        process.execPath,
        ...process.execArgv,
        ...process.argv.slice(1),
      ]),
    },
    log,
    ended: ended.resolve,
  });
  // Several signals at once (a terminal, a service manager) are one wish.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void keeper.shutdown());
  process.on('SIGHUP', () => undefined);
  await keeper.start(readKeeperState(paths.stateFile), await inheritance);
  log('started');
  await ended.promise;
  rmSync(paths.keeperSocket, { force: true });
  rmSync(paths.lockFile, { force: true });
}

/**
 * Workers that outlived their keeper hold the listening sockets and start a keeper themselves. One that was started by an
 * engine meanwhile leaves it to them. False: there are none, or they do not.
 */
async function guardianStartsOne(paths: KeeperPaths): Promise<boolean> {
  const state = readKeeperState(paths.stateFile);
  if (state === null || !hasLivingWorker(state)) return false;
  for (let waitedMs = 0; waitedMs < guardianLimitMs; waitedMs += 50) {
    const holder = readHolder(paths.lockFile);
    if (holder !== null && isAlive(holder)) return true;
    await delay(50);
  }
  return false;
}

function hasLivingWorker(state: KeeperState): boolean {
  return state.workers.some((worker) => isAlive(worker.identity));
}
