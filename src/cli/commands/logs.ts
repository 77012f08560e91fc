import { argument, type CommandFunction, flagOption, numberOption, textOption } from '../command-options.ts';
import { resolveService } from '../resolve-service.ts';

export const run: CommandFunction = async (session, args, options) => {
  const service = await resolveService(session, argument(args, 0));
  const arm = textOption(options, 'arm');
  const revision = textOption(options, 'revision');
  const follow = flagOption(options, 'follow');
  const read = async (signal: AbortSignal): Promise<number> => {
    const lines = session.client.logs(service.key, {
      lines: numberOption(options, 'lines', 100, 10_000),
      follow,
      signal,
      ...(arm === 'stable' || arm === 'canary' ? { arm } : {}),
      ...(revision === undefined ? {} : { revision }),
    });
    for await (const line of lines) {
      const text = session.out.isMachineReadable
        ? JSON.stringify(line)
        : `${session.style.colors.dim(`${line.arm} ${line.replica}`)} ${line.line}`;
      session.out.lines([text]);
    }
    return 0;
  };
  return await session.interruptible('The service goes on; only the reading ended.', read);
};
