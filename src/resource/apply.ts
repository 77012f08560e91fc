import { anchored } from './anchor.ts';
import { compile, type CompiledService } from './compile.ts';
import { readDocuments, type SourceDocument } from './document.ts';
import { type Finding, sortFindings } from './finding.ts';
import { lint } from './lint/lint.ts';

export interface ManifestText {
  /** As the user named it: findings carry it. */
  readonly file: string;
  readonly text: string;
  /** Absolute path of the folder that the file lies in; without it relative working directories stay as they are. */
  readonly folder?: string | undefined;
}

/** Stands for the file in findings about documents that were applied before. */
const storedFile = '(applied)';

/**
 * Compiles what a user applies together with what is stored of services already: a Process that is applied alone stays with its
 * Canary, and a port or a target that is taken is seen. Documents of the files replace stored ones of the same kind and name.
 * Returns the services that the files have a part in; `stored` are the sources of the services that run.
 */
export function compileApply(
  files: readonly ManifestText[],
  stored: readonly (readonly string[])[],
): { readonly services: readonly CompiledService[]; readonly findings: readonly Finding[] } {
  const read = files.map(({ file, text, folder }) => {
    const { documents, findings } = readDocuments(file, text);
    return {
      documents: folder === undefined ? documents : documents.map((one) => anchored(one, folder)),
      findings,
    };
  });
  const written = read.flatMap(({ documents }) => documents);
  const taken = new Set(written.map(identityOf));
  const kept: SourceDocument[] = [];
  for (const document of stored.flat().flatMap((text) => readDocuments(storedFile, text).documents)) {
    const identity = identityOf(document);
    if (taken.has(identity)) continue;
    taken.add(identity);
    kept.push(document);
  }
  const compiled = compile([...written, ...kept]);
  const texts = new Set(written.map(({ text }) => text));
  // The linter's advice is for `sluice lint`; its errors refuse here too.
  const refused = lint(written).filter(({ severity }) => severity === 'error');
  const findings = [...read.flatMap((one) => one.findings), ...compiled.findings, ...refused];
  return {
    services: compiled.services.filter(({ source }) => source.some((text) => texts.has(text))),
    findings: sortFindings(
      findings.filter(({ file, severity }) => file !== storedFile || severity === 'error'),
    ),
  };
}

function identityOf({ kind, namespace, name }: SourceDocument): string {
  return `${kind} ${namespace}/${name}`;
}
