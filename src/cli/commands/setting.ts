import { argument, type CommandFunction, textOption } from '../command-options.ts';
import { resolveService } from '../resolve-service.ts';

/** `enable` and `disable`. */
export const run: CommandFunction = async (session, args, options) => {
  const { key } = await resolveService(session, argument(args, 0));
  const document =
    textOption(options, 'command') === 'enable'
      ? await session.client.enable(key)
      : await session.client.disable(key);
  await session.out.result({ document, text: () => [document.what], names: () => [key] });
  return 0;
};
