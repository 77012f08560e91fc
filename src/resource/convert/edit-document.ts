import type { Document } from 'yaml';
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
