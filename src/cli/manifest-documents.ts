import { SluiceError } from '../lib/error.ts';
import { readDocuments, type SourceDocument } from '../resource/document.ts';
import { type Finding, hasErrors } from '../resource/finding.ts';
import { readFiles } from './read-files.ts';
import { findingLines } from './render/findings.ts';
import type { Session } from './session.ts';

/**
 * Reads manifests and makes something of them, such as plans. Warnings and errors are told; with an error, or where nothing came out,
 * it throws SluiceError `invalid-resource`.
 */
export async function fromManifests<Made>(
  session: Session,
  names: readonly string[],
  make: (documents: readonly SourceDocument[]) => {
    readonly made: readonly Made[];
    readonly findings: readonly Finding[];
  },
  what: string,
): Promise<readonly Made[]> {
  const read = (await readFiles(session.host, names)).map(({ file, text }) => readDocuments(file, text));
  const { made, findings: further } = make(read.flatMap(({ documents }) => documents));
  const findings = [...read.flatMap((one) => one.findings), ...further];
  const told = findings.filter(({ severity }) => severity !== 'info');
  for (const line of findingLines(told, session.progressStyle)) session.progress.line(line);
  if (made.length > 0 && !hasErrors(findings)) return made;
  throw new SluiceError({
    code: 'invalid-resource',
    message: made.length === 0 ? `the files hold no ${what}` : 'the files have errors',
  });
}
