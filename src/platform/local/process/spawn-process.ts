import { type ChildProcess, spawn } from 'node:child_process';
import { identify, type ProcessIdentity } from './identity.ts';

export interface ProcessCommand {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string | null;
  /** Open descriptor for stdout and stderr; null: thrown away. */
  readonly logDescriptor: number | null;
}

export type SpawnResult =
  | { readonly kind: 'started'; readonly child: ChildProcess; readonly identity: ProcessIdentity | null }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Starts a command in a session and process group of its own (setsid), so that it outlives whoever started it and can be
 * ended as a whole. Never through a shell.
 */
export function spawnProcess(wanted: ProcessCommand): Promise<SpawnResult> {
  const [file, ...args] = wanted.command;
  if (file === undefined || file === '')
    return Promise.resolve({ kind: 'failed', message: 'the command is empty' });
  const output = wanted.logDescriptor ?? 'ignore';
  return new Promise((resolve) => {
    const fail = (thrown: unknown): void => {
      resolve({ kind: 'failed', message: describe(thrown, file, wanted.workingDir) });
    };
    let child: ChildProcess;
    try {
      child = spawn(file, args, {
        detached: true,
        env: { ...wanted.env },
        stdio: ['ignore', output, output],
        ...(wanted.workingDir === null ? {} : { cwd: wanted.workingDir }),
      });
    } catch (thrown) {
      fail(thrown);
      return;
    }
    child.once('error', fail);
    const { pid } = child;
    // Read at once: of a command that ends within the same instant nothing would be left to read later.
    if (pid !== undefined) resolve({ kind: 'started', child, identity: identify(pid) });
  });
}

function describe(thrown: unknown, file: string, workingDir: string | null): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const where = workingDir === null ? '' : ` in ${workingDir}`;
  if (code === 'ENOENT') return `"${file}" was not found${where}`;
  if (code === 'EACCES') return `"${file}" may not be executed${where}`;
  return `"${file}" could not be started${where}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
}
