import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeeperToWorker } from '../proxy/messages.ts';
import { keeperMark } from '../process/environment.ts';
import { isAlive } from '../process/identity.ts';
import { waitAtMost } from '../process/stop-process.ts';
import { type GuardianToKeeper, inheritMark } from './inheritance.ts';
import { readHolder, takeKeeperLock } from './keeper-lock.ts';
import type { Listener } from './listeners.ts';
import { keeperPaths, type KeeperPaths } from './paths.ts';

interface Held {
  readonly listener: Listener;
  readonly handle: unknown;
}

/** How long a keeper that was started may take to receive the sockets. */
const handOverLimitMs = 10_000;
const firstPauseMs = 250;
const longestPauseMs = 30_000;

/**
 * Beside the proxy in its worker: when the keeper dies without having asked for an end, one of the workers starts a new
 * keeper and hands it the listening sockets, so that no connection is lost. Call it before the proxy starts. Reads the
 * environment that the keeper sets.
 */
export function guardKeeper(): void {
  const stateDir = process.env['SLUICE_STATE_DIR'];
  const command = JSON.parse(process.env['SLUICE_KEEPER_COMMAND'] ?? '[]') as readonly string[];
  if (stateDir === undefined || command.length === 0) return;
  const held = new Map<string, Held>();
  let draining = false;
  process.on('message', (message, handle) => {
    const told = message as KeeperToWorker;
    if (told.kind === 'listen') {
      const listener = { id: told.listener, key: told.key, pinned: told.pinned, ...boundTo(handle) };
      held.set(told.listener, { listener, handle });
    }
    if (told.kind === 'unlisten') held.delete(told.listener);
    if (told.kind === 'drain') draining = true;
  });
  process.on('SIGTERM', () => {
    draining = true;
  });
  process.on('disconnect', () => {
    // One that was given no sockets yet leaves it to those that have them; without any there is nothing to lose.
    if (held.size > 0) void restoreKeeper(keeperPaths(stateDir), command, [...held.values()], () => draining);
  });
}

/** Goes on until this worker drains: the new keeper may die as well before it has workers of its own. */
async function restoreKeeper(
  paths: KeeperPaths,
  command: readonly string[],
  held: readonly Held[],
  draining: () => boolean,
): Promise<void> {
  const guardFile = join(paths.stateDir, 'guardian.lock');
  let pauseMs = firstPauseMs;
  while (!draining()) {
    try {
      const holder = readHolder(paths.lockFile);
      if (holder !== null && isAlive(holder)) pauseMs = firstPauseMs;
      else if (await takeKeeperLock(guardFile)) {
        await startKeeper(paths, command, held);
        rmSync(guardFile, { force: true });
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    } catch (thrown) {
      process.stderr.write(
        `a keeper cannot be started: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`,
      );
    }
    await delay(pauseMs, undefined, { ref: false });
  }
}

/** Resolves when the new keeper has all the sockets, or has ended, or did neither in time. */
async function startKeeper(
  paths: KeeperPaths,
  command: readonly string[],
  held: readonly Held[],
): Promise<void> {
  const [file = '', ...args] = command;
  const log = openSync(paths.keeperLog, 'a', 0o600);
  const keeper = spawn(file, args, {
    detached: true,
    env: { ...process.env, [inheritMark]: '1', [keeperMark]: undefined },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  keeper.unref();
  const outcome = new Promise<void>((resolve) => {
    keeper.once('error', () => resolve());
    keeper.once('exit', () => resolve());
    keeper.once('message', () => resolve());
  });
  for (const { listener, handle } of held) tell(keeper, { kind: 'inherit', listener }, handle);
  tell(keeper, { kind: 'inheritEnd' }, undefined);
  await waitAtMost(outcome, handOverLimitMs);
  if (keeper.connected) keeper.disconnect();
}

function tell(keeper: ChildProcess, message: GuardianToKeeper, handle: unknown): void {
  keeper.send(message, handle as Parameters<ChildProcess['send']>[1], {}, () => undefined);
}

interface NamedHandle {
  getsockname(out: { address?: string; port?: number }): number;
}

function boundTo(handle: unknown): { readonly host: string; readonly port: number } {
  const name: { address?: string; port?: number } = {};
  (handle as NamedHandle).getsockname(name);
  return { host: name.address ?? '', port: name.port ?? 0 };
}
