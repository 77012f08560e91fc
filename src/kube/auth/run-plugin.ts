import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../clock.ts';
import type { ExecPlugin } from '../config/cluster-config.ts';
import { configurationError, errnoOf } from '../config/configuration-error.ts';
import type { Environment } from '../config/load-config.ts';

/** A credential is a few kB; a plugin that prints more is stopped. */
const maxOutputBytes = 1024 * 1024;

export interface RunPluginOptions {
  readonly env: Environment;
  readonly execInfo: string;
  /** Give the plugin our terminal: it may ask a person. */
  readonly interactive: boolean;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * Runs an exec plugin and resolves to what it printed. Unlike client-go, which waits for ever, a plugin that hangs is killed with its
 * children after `timeoutMs`: it would block every call. Nothing is listening on its stdin unless `interactive`.
 */
export function runPlugin(plugin: ExecPlugin, options: RunPluginOptions): Promise<string> {
  const { env, execInfo, interactive, timeoutMs, clock } = options;
  const own = Object.fromEntries(plugin.env.map(({ name, value }) => [name, value]));
  return new Promise((resolve, reject) => {
    const child = spawn(plugin.command, [...plugin.args], {
      env: { ...env, ...own, KUBERNETES_EXEC_INFO: execInfo },
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', interactive ? 'inherit' : 'pipe'],
      // A group of its own, to end what it started too; a terminal would not let such a group read.
      detached: !interactive,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    const fail = (problem: string, cause?: unknown): void => {
      cancel();
      reject(configurationError(`the exec plugin ${plugin.command} ${problem}`, cause));
    };
    const stop = (problem: string): void => {
      kill(child, !interactive);
      fail(problem);
    };
    const cancel = clock.at(clock.nowMs() + timeoutMs, () =>
      stop(`gave no answer in ${timeoutMs / 1000} s and was ended; run it by hand and see what it waits for`),
    );
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      into.push(chunk);
      if (bytes > maxOutputBytes) stop('prints without end and was ended; it must print one ExecCredential');
    };
    child.stdout?.on('data', collect(stdout));
    child.stderr?.on('data', collect(stderr));
    child.once('error', (error) => fail(startProblem(plugin, error)));
    child.once('close', (code, signal) => {
      cancel();
      if (code === 0) resolve(Buffer.concat(stdout).toString('utf8'));
      else fail(`failed (${signal ?? `exit code ${code}`})${said(Buffer.concat(stderr).toString('utf8'))}`);
    });
  });
}

function kill(child: ChildProcess, group: boolean): void {
  if (child.pid === undefined) return;
  try {
    // Also where the plugin itself has ended: what it started may hold its output open.
    process.kill(group ? -child.pid : child.pid, 'SIGKILL');
  } catch {
    // It ended by itself in this moment.
  }
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function startProblem(plugin: ExecPlugin, error: Error): string {
  const hint = plugin.installHint === '' ? '' : `\n${plugin.installHint}`;
  if (errnoOf(error) === 'ENOENT')
    return `is not installed; install it or correct exec.command of the kubeconfig${hint}`;
  if (errnoOf(error) === 'EACCES')
    return 'may not be executed; make the file executable or correct exec.command of the kubeconfig';
  return `could not be started (${errnoOf(error)})`;
}

/** What it said of its failure, short, and without anything that looks like a token. */
function said(stderr: string): string {
  const text = withoutSecrets(stderr).trim().replace(/\s+/g, ' ').slice(0, 300);
  return text === '' ? '; it said nothing on stderr' : `; it said: ${text}`;
}

/** Runs of 20 and more that have a digit and a capital: parts of a JWT, keys, base64. */
export function withoutSecrets(text: string): string {
  return text.replace(/[A-Za-z0-9+/_=-]{20,}/g, (run) =>
    /[0-9]/.test(run) && /[A-Z]/.test(run) ? '[removed]' : run,
  );
}
