/** `error`: `apply` refuses it. `warning`: runs, but does something else than it seems to say. `info`: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** What is the same for every finding of one code. A code is never renamed or reused. */
export interface FindingCodeEntry {
  /** Unless the place knows better. */
  readonly severity: Severity;
  /** Why it matters, in one or two sentences, without the values of one case. */
  readonly why: string;
  /** Anchor in docs/reference/findings.md. */
  readonly docs: string;
}

export function findingCode(severity: Severity, docs: string, why: string): FindingCodeEntry {
  return { severity, why, docs };
}
