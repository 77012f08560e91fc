import { checkDocuments } from '../check/check-documents.ts';
import { compile } from '../compile.ts';
import { readDocuments } from '../document.ts';
import { type Finding, sortFindings } from '../finding.ts';
import { contextOf } from './context.ts';
import { fix } from './fix.ts';
import { lint, type LintOptions } from './lint.ts';

export interface LintFile {
  /** As the user named it: findings carry it. */
  readonly file: string;
  readonly text: string;
}

/** Everything that `sluice lint` has to say of files that belong together: reading, checking, compiling and linting. Never throws. */
export function lintFiles(files: readonly LintFile[], options: LintOptions = {}): readonly Finding[] {
  const read = files.map(({ file, text }) => readDocuments(file, text));
  const documents = read.flatMap((one) => one.documents);
  const workflows = new Set(contextOf(documents).workflows);
  const resources = documents.filter((document) => !workflows.has(document));
  // Without a Process the files are meant for a cluster, and what one machine lacks says nothing about them.
  const checked = resources.some(({ kind }) => kind === 'Process')
    ? compile(resources)
    : checkDocuments(resources);
  return sortFindings([
    ...read.flatMap((one) => one.findings),
    ...checked.findings,
    ...lint(documents, options),
  ]);
}

const maxRounds = 5;

/**
 * `sluice lint --fix`: the files with all machine edits made. One edit may make room for another (a renamed field is
 * checked anew), so it goes on until none is left.
 */
export function fixFiles(files: readonly LintFile[]): readonly LintFile[] {
  let current = files;
  for (let round = 0; round < maxRounds; round += 1) {
    const findings = lintFiles(current);
    const next = current.map(({ file, text }) => ({ file, text: fix(file, text, findings) }));
    if (next.every(({ text }, index) => text === current[index]?.text)) return next;
    current = next;
  }
  return current;
}
