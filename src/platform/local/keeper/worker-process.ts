import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeeperToWorker } from '../proxy/messages.ts';
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
    void restoreKeeper(keeperPaths(stateDir), command, [...held.values()], () => draining);
  });
}

async function restoreKeeper(
  paths: KeeperPaths,
  command: readonly string[],
  held: readonly Held[],
  draining: () => boolean,
): Promise<void> {
  const guardFile = join(paths.stateDir, 'guardian.lock');
  for (let pauseMs = firstPauseMs; !draining(); pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      const holder = readHolder(paths.lockFile);
      if (holder !== null && isAlive(holder)) return;
      if (await takeKeeperLock(guardFile)) {
        const handed = await startKeeper(paths, command, held);
        rmSync(guardFile, { force: true });
        if (handed) return;
      }
    } catch (thrown) {
      process.stderr.write(
        `a keeper cannot be started: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`,
      );
    }
    await delay(pauseMs, undefined, { ref: false });
  }
}

/** True when the new keeper has all the sockets. */
async function startKeeper(
  paths: KeeperPaths,
  command: readonly string[],
  held: readonly Held[],
): Promise<boolean> {
  const [file = '', ...args] = command;
  const log = openSync(paths.keeperLog, 'a', 0o600);
  const keeper = spawn(file, args, {
    detached: true,
    env: { ...process.env, [inheritMark]: '1' },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  keeper.unref();
  const outcome = new Promise<boolean>((resolve) => {
    keeper.once('error', () => resolve(false));
    keeper.once('exit', () => resolve(false));
    keeper.once('message', () => resolve(true));
  });
  for (const { listener, handle } of held) tell(keeper, { kind: 'inherit', listener }, handle);
  tell(keeper, { kind: 'inheritEnd' }, undefined);
  let handed = false;
  await waitAtMost(
    outcome.then((value) => {
      handed = value;
    }),
    handOverLimitMs,
  );
  if (keeper.connected) keeper.disconnect();
  return handed;
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
