import type { DeployRequest } from '../resource/view.ts';
import { usage } from './command-options.ts';

/**
 * Reads `--set command=…`, `--set args=…` and `--set env.NAME=…`. A command or arguments that begin with `[` are a JSON list;
 * otherwise they are split at blanks, which is enough for what has none inside. Throws SluiceError `usage`.
 */
export function deploySettings(settings: readonly string[]): DeployRequest['set'] {
  if (settings.length === 0) throw usage('nothing to deploy: give --set command=…, args=… or env.NAME=…');
  let command: readonly string[] | undefined;
  let args: readonly string[] | undefined;
  const env: Record<string, string> = {};
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const key = setting.slice(0, Math.max(0, at));
    const value = setting.slice(at + 1);
    const name = /^env\.([A-Za-z_]\w*)$/.exec(key)?.[1];
    if (at < 1) throw usage(`--set ${setting}: write key=value`);
    if (key === 'command') command = words(setting, value);
    else if (key === 'args') args = value === '' ? [] : words(setting, value);
    else if (name !== undefined) env[name] = value;
    else throw usage(`--set ${setting}: the key is command, args or env.NAME`);
  }
  return {
    ...(command === undefined ? {} : { command }),
    ...(args === undefined ? {} : { args }),
    ...(Object.keys(env).length === 0 ? {} : { env }),
  };
}

function words(setting: string, value: string): readonly string[] {
  if (!value.startsWith('[')) return value.split(/\s+/).filter((word) => word !== '');
  let list: unknown = null;
  try {
    list = JSON.parse(value);
  } catch {
    // Refused below.
  }
  if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list;
  throw usage(`--set ${setting}: after "[" a JSON list of texts is expected`);
}
