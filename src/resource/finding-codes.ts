import { lintCodes } from './lint/lint-codes.ts';
import { resourceCodes } from './resource-codes.ts';

/** Every code of a finding. docs/reference/findings.md is made from this table. */
export const findingCodes = { ...resourceCodes, ...lintCodes };

export type FindingCode = keyof typeof findingCodes;
