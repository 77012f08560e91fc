import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Which process this is, for ever: a pid alone is used again, even over a reboot. `startTime` is field 22 of
 * /proc/PID/stat (clock ticks since boot; proc(5)), on macOS the text of `ps -o lstart`.
 */
export interface ProcessIdentity {
  readonly bootId: string;
  readonly pid: number;
  readonly startTime: string;
}

let cachedBootId: string | null = null;

/** Names this boot of the machine. '' where the system does not tell, which then reads as "never rebooted". */
export function bootId(): string {
  cachedBootId ??= readBootId();
  return cachedBootId;
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return commandOutput('sysctl', ['-n', 'kern.bootsessionuuid']);
  }
}

/** Identity of a process that runs now; null if there is none, or only its zombie. */
export function identify(pid: number): ProcessIdentity | null {
  const startTime =
    process.platform === 'linux'
      ? linuxStartTime(pid)
      : commandOutput('ps', ['-o', 'lstart=', '-p', String(pid)]);
  return startTime === null || startTime === '' ? null : { bootId: bootId(), pid, startTime };
}

export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  return identify(identity.pid)?.startTime === identity.startTime;
}

/** Sends a signal to exactly that process. False if it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isAlive(identity) && send(identity.pid, signal);
}

/**
 * Sends a signal to the process group that the process leads or led. The kernel gives a pid to nobody else while it names a
 * group, so members that outlive their leader are still its own; whether a leader alive under that pid is another one is checked.
 * Signal 0 only asks whether there is anyone.
 */
export function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals | 0): boolean {
  if (identity.bootId !== bootId()) return false;
  const leader = identify(identity.pid);
  if (leader !== null && leader.startTime !== identity.startTime) return false;
  return send(-identity.pid, signal);
}

/** Does any process of the group live (a zombie does not count)? */
export function isGroupAlive(identity: ProcessIdentity): boolean {
  if (!signalGroup(identity, 0)) return false;
  if (process.platform !== 'linux') return true;
  return processIds().some((pid) => {
    const fields = statFields(pid);
    return fields !== null && fields.group === identity.pid && fields.state !== 'Z';
  });
}

/** Pids of all processes whose environment holds `NAME=value` and that may be read. Linux; elsewhere none. */
export function processesWithEnvironment(name: string, value: string): readonly number[] {
  const wanted = `${name}=${value}`;
  return processIds().filter((pid) => environment(pid).includes(wanted));
}

/** The variables a process was started with, as `NAME=value`; empty if it may not be read. */
export function environment(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function processIds(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function linuxStartTime(pid: number): string | null {
  const fields = statFields(pid);
  return fields === null || fields.state === 'Z' || fields.state === 'X' ? null : fields.startTime;
}

function statFields(
  pid: number,
): { readonly state: string; readonly group: number; readonly startTime: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', group: Number(fields[2]), startTime: fields[19] ?? '' };
  } catch {
    return null;
  }
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function commandOutput(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2_000,
    }).trim();
  } catch {
    return '';
  }
}
