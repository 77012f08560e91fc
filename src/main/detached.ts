import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEngineFile } from '../client/connection.ts';
import type { UpOptions } from '../cli/host.ts';
import { SluiceError } from '../lib/error.ts';
import { selfCommand } from './self-command.ts';
import { makeStateDirectory } from './state-directory.ts';

const startLimitMs = 30_000;

export type DetachedStart =
  | { readonly kind: 'ready'; readonly pid: number; readonly address: string }
  /** It ended before it was ready; `text` is what it said. */
  | { readonly kind: 'ended'; readonly exit: number; readonly text: string };

/** Starts an engine that outlives this process, and waits until it answers. Throws SluiceError `timeout`. */
export async function startDetached(options: UpOptions): Promise<DetachedStart> {
  await makeStateDirectory(options.state);
  const folder = join(options.state, 'logs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'up.log');
  const from = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const [file = '', ...args] = selfCommand(
    'up',
    '--state',
    options.state,
    '--api-port',
    String(options.apiPort),
    '--progress',
    'plain',
    ...(options.alertUrl === null ? [] : ['--alert-url', options.alertUrl]),
  );
  const log = openSync(path, 'a', 0o600);
  const child = spawn(file, args, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let exit: number | null = null;
  child.once('exit', (code) => {
    exit = code ?? 1;
  });
  child.once('error', () => {
    exit = 1;
  });
  const deadlineMs = performance.now() + startLimitMs;
  while (performance.now() < deadlineMs) {
    if (exit !== null)
      return { kind: 'ended', exit, text: readFileSync(path).subarray(from).toString('utf8') };
    const engine = await readEngineFile(options.state);
    if (engine !== null && engine.pid === child.pid) {
      child.unref();
      return { kind: 'ready', pid: engine.pid, address: engine.address };
    }
    await sleep(20);
  }
  child.kill('SIGTERM');
  throw new SluiceError({
    code: 'timeout',
    message: `the engine was not ready within ${startLimitMs / 1_000} s`,
    cure: `Look at ${path}.`,
  });
}
