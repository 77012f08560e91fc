import { type CommandFunction, flagOption, listOption } from '../command-options.ts';
import { readFiles } from '../read-files.ts';
import { findingLines } from '../render/findings.ts';

export const run: CommandFunction = async (session, args, options) => {
  const files = await readFiles(session.host, [...args, ...listOption(options, 'file')]);
  const dryRun = flagOption(options, 'dryRun');
  const document = await session.client.apply({ files, dryRun });
  const told = document.findings.filter((finding) => finding.severity !== 'info');
  for (const line of findingLines(told, session.progressStyle)) session.progress.line(line);
  await session.out.result({
    document,
    items: document.services,
    text: () =>
      document.services.map(
        ({ key, change, revision }) =>
          `${key} ${dryRun && change !== 'unchanged' ? 'would be ' : ''}${change} (revision ${revision})`,
      ),
    names: () => document.services.map(({ key }) => key),
  });
  return 0;
};
