import type { CommandFunction } from '../command-options.ts';

export const run: CommandFunction = async (session) =>
  await session.interruptible('The export is incomplete; run it again.', async (signal) => {
    for await (const line of session.client.audit(signal)) session.out.lines([line]);
    return 0;
  });
