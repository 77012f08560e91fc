import { applyEdit } from './apply-edit.ts';
import type { SourceDocument } from './document.ts';

/**
 * A Process whose working directory is relative, or is not written, means the folder of its file. The document that is
 * compiled and stored says so with the whole path, since the engine runs elsewhere. Positions stay those of the file.
 */
export function anchored(document: SourceDocument, folder: string): SourceDocument {
  const { spec } = document.value;
  if (document.kind !== 'Process' || typeof spec !== 'object' || spec === null) return document;
  const written = 'workingDir' in spec ? spec.workingDir : undefined;
  if (written !== undefined && (typeof written !== 'string' || written.startsWith('/'))) return document;
  const workingDir = below(folder, written ?? '.');
  const text = applyEdit(document.text, {
    kind: 'set',
    document: 0,
    path: ['spec', 'workingDir'],
    value: workingDir,
  });
  if (text === null) return document;
  return { ...document, value: { ...document.value, spec: { ...spec, workingDir } }, text };
}

/** `.` and `..` are taken away, so that the same folder is the same revision however it is written. */
function below(folder: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${folder}/${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
