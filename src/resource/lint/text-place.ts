import { isCollection, isScalar } from 'yaml';
import type { SourceDocument } from '../document.ts';
import type { Path, Position } from '../finding.ts';

/** Where the character at `offset` of the text at `path` stands: in a literal block exactly, else at its key. */
export function placeInText(document: SourceDocument, path: Path, text: string, offset: number): Position {
  const key = document.positionOf(path);
  const { contents } = document.doc;
  const node = isCollection(contents) ? contents.getIn(path, true) : null;
  if (!isScalar(node) || node.type !== 'BLOCK_LITERAL') return key;
  const before = text.slice(0, offset).split('\n');
  const inLine = before.at(-1)?.length ?? 0;
  return { line: key.line + before.length, column: key.column + 2 + inLine };
}
