import { convert } from '../../resource/convert/convert.ts';
import { readDocuments } from '../../resource/document.ts';
import { viewSchema } from '../../resource/view.ts';
import { type CommandFunction, textOption } from '../command-options.ts';
import { exitCodes } from '../exit-codes.ts';
import { readFiles } from '../read-files.ts';
import { findingLines } from '../render/findings.ts';

export const run: CommandFunction = async (session, args, options) => {
  const read = (await readFiles(session.host, args)).map(({ file, text }) => readDocuments(file, text));
  const steps = textOption(options, 'steps');
  const { text, findings: said } = convert(
    read.flatMap((one) => one.documents),
    steps === undefined ? {} : { steps },
  );
  const findings = [...read.flatMap((one) => one.findings), ...said];
  for (const line of findingLines(findings, session.progressStyle)) session.progress.line(line);
  await session.out.result({
    document: { schema: viewSchema, kind: 'Converted', text, findings },
    text: () => (text === '' ? [] : [text.trimEnd()]),
  });
  return text === '' || findings.some((finding) => finding.severity === 'error')
    ? exitCodes.usage.code
    : exitCodes.reached.code;
};
