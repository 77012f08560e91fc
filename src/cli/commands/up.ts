import { resolve } from 'node:path';
import {
  type CommandFunction,
  flagOption,
  listOption,
  numberOption,
  textOption,
} from '../command-options.ts';

export const run: CommandFunction = async (session, _args, options) =>
  await session.host.local.up({
    state: session.state,
    apiPort: numberOption(options, 'apiPort', 0, 65_535),
    detach: flagOption(options, 'detach'),
    files: listOption(options, 'file').map((file) => resolve(session.host.cwd, file)),
    quiet: session.options.quiet,
    alertUrl: textOption(options, 'alertUrl') ?? null,
  });
