import { SluiceError } from '../../lib/error.ts';
import { argument, type CommandFunction } from '../command-options.ts';
import { confirm } from '../confirm.ts';
import { resolveService } from '../resolve-service.ts';

export const run: CommandFunction = async (session, args) => {
  const { key } = await resolveService(session, argument(args, 0));
  if (!(await confirm(session, `Delete ${key}? Its processes are stopped and its port is closed.`))) {
    throw new SluiceError({
      code: 'usage',
      message: 'nothing was deleted',
      cure: 'Give --yes to delete without being asked.',
    });
  }
  const document = await session.client.delete(key);
  await session.out.result({ document, text: () => [document.what], names: () => [key] });
  return 0;
};
