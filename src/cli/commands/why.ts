import { argument, type CommandFunction } from '../command-options.ts';
import { resolveService } from '../resolve-service.ts';

export const run: CommandFunction = async (session, args) => {
  const { key } = await resolveService(session, argument(args, 0));
  const document = await session.client.why(key);
  await session.out.result({ document, text: () => [document.paragraph] });
  return 0;
};
