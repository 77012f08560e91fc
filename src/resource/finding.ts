import type { Severity } from './finding-code-entry.ts';
import { type FindingCode, findingCodes } from './finding-codes.ts';

export type Path = readonly (string | number)[];

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
}

/** A change of one document that cures a finding and keeps comments. `document` is the index within the file. */
export type Edit =
  /** Sets the value at `path`, making parents as needed. */
  | { readonly kind: 'set'; readonly document: number; readonly path: Path; readonly value: unknown }
  | { readonly kind: 'remove'; readonly document: number; readonly path: Path }
  /** Gives the key at `path` another name; its value and comments stay. */
  | { readonly kind: 'rename'; readonly document: number; readonly path: Path; readonly key: string }
  /** Takes the value at `path` away and sets it at `to`, making parents as needed. */
  | { readonly kind: 'move'; readonly document: number; readonly path: Path; readonly to: Path };

/** One thing to know about a user's file, with the place and the cure. */
export interface Finding {
  readonly severity: Severity;
  readonly code: FindingCode;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, with the values. */
  readonly message: string;
  /** Why it matters. */
  readonly why: string;
  /** What to write instead, in words. */
  readonly fix: string;
  /** The same for `--fix`; null where a person must choose. */
  readonly edit: Edit | null;
}

/** Anything that knows where it stands: a `SourceDocument` is one. */
export interface Place {
  readonly file: string;
  positionOf(path: Path): Position;
}

export interface FindingParts {
  readonly code: FindingCode;
  readonly message: string;
  readonly fix: string;
  /** Where the code's own is not right for this case. */
  readonly severity?: Severity;
  readonly why?: string;
  readonly edit?: Edit | null;
}

/** A finding at `path` of a document. */
export function findingAt(place: Place, path: Path, parts: FindingParts): Finding {
  return findingIn(place.file, place.positionOf(path), parts);
}

/** A finding at a known line and column. */
export function findingIn(file: string, position: Position, parts: FindingParts): Finding {
  const entry = findingCodes[parts.code];
  return {
    severity: parts.severity ?? entry.severity,
    code: parts.code,
    file,
    line: position.line,
    column: position.column,
    message: parts.message,
    why: parts.why ?? entry.why,
    fix: parts.fix,
    edit: parts.edit ?? null,
  };
}

/** True where `apply` must refuse. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error');
}

/** In the order of a reader: by file, then line, then column. Equal findings are kept once. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  const kept = findings.filter((finding) => {
    const key = JSON.stringify([finding.file, finding.line, finding.column, finding.code, finding.message]);
    return !seen.has(key) && seen.add(key);
  });
  return kept.toSorted(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}
