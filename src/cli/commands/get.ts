import { argument, type CommandFunction, flagOption } from '../command-options.ts';
import { serviceFrame } from '../render/frame.ts';
import { resolveService } from '../resolve-service.ts';

export const run: CommandFunction = async (session, args, options) => {
  const { key } = await resolveService(session, argument(args, 0));
  const document = await session.client.service(key);
  if (flagOption(options, 'source')) {
    session.out.lines([document.source.map((text) => text.trim()).join('\n---\n')]);
    return 0;
  }
  await session.out.result({
    document,
    text: () => serviceFrame(document.service, session.context(document.nowMs)),
    names: () => [document.service.key],
  });
  return 0;
};
