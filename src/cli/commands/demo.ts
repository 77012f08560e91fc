import { type CommandFunction, flagOption, textOption } from '../command-options.ts';
import { runDemo } from '../demo/demo.ts';

export const run: CommandFunction = async (session, _args, options) => {
  const speed = textOption(options, 'speed');
  return await runDemo({
    session,
    json: flagOption(options, 'json'),
    ...(speed === undefined ? {} : { speed: Number(speed) }),
  });
};
