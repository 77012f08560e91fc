import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fixFiles, lintFiles } from '../../resource/lint/lint-files.ts';
import { viewSchema } from '../../resource/view.ts';
import { type CommandFunction, flagOption, numberOption, textOption, usage } from '../command-options.ts';
import { exitCodes } from '../exit-codes.ts';
import { readFiles } from '../read-files.ts';
import { findingLines, findingSummary } from '../render/findings.ts';

export const run: CommandFunction = async (session, args, options) => {
  let files = await readFiles(session.host, args);
  if (flagOption(options, 'fix')) {
    if (args.includes('-')) throw usage('--fix needs files, not stdin');
    const fixed = fixFiles(files);
    for (const [index, { file, text }] of fixed.entries()) {
      if (text === files[index]?.text) continue;
      await writeFile(resolve(session.host.cwd, file), text);
      session.progress.line(`fixed ${file}`);
    }
    files = fixed;
  }
  const requestsPerSecond =
    textOption(options, 'rps') === undefined ? null : numberOption(options, 'rps', 0, 10_000_000);
  const findings = lintFiles(files, { requestsPerSecond }).map(({ edit: _edit, ...finding }) => finding);
  await session.out.result({
    document: { schema: viewSchema, kind: 'FindingList', findings },
    items: findings,
    text: () => findingLines(findings, session.style),
    names: () => findings.map((finding) => finding.code),
  });
  session.progress.line(findingSummary(findings));
  return findings.some((finding) => finding.severity === 'error')
    ? exitCodes.usage.code
    : exitCodes.reached.code;
};
