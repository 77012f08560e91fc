import type { CommandFunction } from '../command-options.ts';
import { viewSchema } from '../../resource/view.ts';

export const run: CommandFunction = async (session) => {
  const { version } = session.host;
  await session.out.result({
    document: { schema: viewSchema, kind: 'Version', version, node: process.versions.node },
    text: () => [`sluice ${version}`],
    names: () => [version],
  });
  return 0;
};
