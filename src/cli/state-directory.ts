import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** `--state`, else `SLUICE_STATE`, else `$XDG_STATE_HOME/sluice`, else `~/.local/state/sluice`, as an absolute path. */
export function stateDirectory(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): string {
  const named = [flag, env['SLUICE_STATE']].find((value) => value !== undefined && value !== '');
  if (named !== undefined) return resolve(cwd, named);
  const xdg = env['XDG_STATE_HOME'];
  // The XDG base directory specification says that a relative path is to be ignored.
  if (xdg?.startsWith('/') === true) return join(xdg, 'sluice');
  return join(env['HOME'] ?? homedir(), '.local', 'state', 'sluice');
}
