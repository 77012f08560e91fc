import { type Document, isCollection, isScalar, visit } from 'yaml';
import type { Path } from '../finding.ts';

/** Sets a value if the document has a mapping or list there; where it has something else (or an alias), it stays as it is. */
export function setIn(document: Document, path: Path, value: unknown): void {
  try {
    document.setIn(path, typeof value === 'object' ? document.createNode(value) : value);
  } catch {
    // The document is not of that shape; checking it says so.
  }
}

/** Removes a value if it is there. */
export function deleteIn(document: Document, path: Path): void {
  try {
    document.deleteIn(path);
  } catch {
    // As above.
  }
}

/**
 * A comment between a list and the next key belongs to that key. The parser gives it to the list where both stand at one
 * column, and it would be written inside the list.
 */
export function settleComments(document: Document): void {
  visit(document, {
    Map: (_, { items }) => {
      for (const [index, { value }] of items.entries()) {
        const next = items[index + 1]?.key;
        if (!isCollection(value) || !isScalar(next) || typeof value.comment !== 'string') continue;
        next.commentBefore = next.commentBefore ? `${value.comment}\n${next.commentBefore}` : value.comment;
        next.spaceBefore = true;
        value.comment = null;
      }
    },
  });
}
