import { type CommandFunction, listOption, numberOption } from '../command-options.ts';

export const run: CommandFunction = async (session, _args, options) =>
  await session.host.local.loadtester({
    state: session.state,
    host: '127.0.0.1',
    port: numberOption(options, 'port', 9_090, 65_535),
    names: listOption(options, 'name'),
    allowed: listOption(options, 'allow'),
  });
