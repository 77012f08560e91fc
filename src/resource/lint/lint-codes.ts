import type { FindingCodeEntry } from '../finding-code-entry.ts';

/** Codes that only the linter gives. */
export const lintCodes = {} as const satisfies Record<string, FindingCodeEntry>;
