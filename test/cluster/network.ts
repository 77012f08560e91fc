import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';

/** Set in every process within the namespace. */
const mark = 'SLUICE_CLUSTER_NETWORK';

/**
 * All addresses of 10.0.0.0/8 are local (AnyIP): pods and services of several clusters bind what they like without configuring it. There
 * is no other route, so nothing that runs inside calls anything outside by mistake. ip(8), `ip-route` type `local`.
 */
const prepare = 'ip link set lo up && ip route replace local 10.0.0.0/8 dev lo && exec "$@"';

/** What `nsenter --net=` takes, or null where this process is in the machine's own network. */
export function currentNetns(): string | null {
  return process.env[mark] === 'inside' ? `/proc/${process.pid}/ns/net` : null;
}

/**
 * The command line that runs another one in a new network namespace, and the variables it needs; null where the machine allows none (no root and no user
 * namespaces, no iproute2, no Linux).
 */
export function inNewNetwork(
  command: readonly string[],
): { readonly command: readonly string[]; readonly env: NodeJS.ProcessEnv } | null {
  for (const options of process.getuid?.() === 0 ? [['-n'], ['-rn']] : [['-rn']]) {
    const wrap = [...options, 'sh', '-c', prepare, 'sh'];
    if (spawnSync('unshare', [...wrap, 'true'], { stdio: 'ignore' }).status === 0) {
      return { command: ['unshare', ...wrap, ...command], env: { [mark]: 'inside' } };
    }
  }
  return null;
}

/** Runs it with our terminal, hands signals on, resolves with its exit code. */
export function runInTerminal(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGTERM', forward);
  // The terminal sends Ctrl-C to the child as well; who waits for it must not go first.
  const stay = (): void => undefined;
  process.on('SIGINT', stay);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.off('SIGTERM', forward);
      process.off('SIGINT', stay);
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
    });
  });
}

/** The command line that runs another one in the network of a process; unchanged for null. */
export function insideNetwork(pid: number | null, command: readonly string[]): readonly string[] {
  if (pid === null) return command;
  const how = process.getuid?.() === 0 ? ['-n'] : ['-U', '-n', '--preserve-credentials'];
  return ['nsenter', '-t', String(pid), ...how, 'env', `${mark}=inside`, ...command];
}
