import type { Edit, Finding } from '../finding.ts';
import { applyEdit } from '../apply-edit.ts';

/**
 * The text of one file with the machine edits of its findings made, comments and spacing kept. Findings of other files
 * and such without an edit are passed over.
 */
export function fix(file: string, text: string, findings: readonly Finding[]): string {
  const edits = findings.flatMap((finding) => (finding.file === file && finding.edit ? [finding.edit] : []));
  let fixed = text;
  for (const edit of inOrder(edits)) fixed = applyEdit(fixed, edit) ?? fixed;
  return fixed;
}

/** Inner places first, and later items of a list before earlier ones, so that no edit moves the place of the next. */
function inOrder(edits: readonly Edit[]): readonly Edit[] {
  const distinct = new Map(edits.map((edit) => [JSON.stringify(edit), edit]));
  return [...distinct.values()].toSorted(
    (a, b) => rank(a) - rank(b) || b.path.length - a.path.length || comparePaths(b, a),
  );
}

function rank(edit: Edit): number {
  return ['set', 'move', 'remove', 'rename'].indexOf(edit.kind);
}

function comparePaths(a: Edit, b: Edit): number {
  for (const [index, segment] of a.path.entries()) {
    const other = b.path[index];
    if (segment === other || other === undefined) continue;
    return typeof segment === 'number' && typeof other === 'number'
      ? segment - other
      : String(segment) < String(other)
        ? -1
        : 1;
  }
  return 0;
}
