import type { Counted } from './bad-count.ts';
import { absoluteFactors, shareFactors, type SharedBlock } from './factors.ts';

/** What a block says: e_j for each alternative. */
export interface FactorForm {
  absolute(arm: Counted, limit: number, ratios: readonly number[], expectedRequests: number): number[];
  share(block: SharedBlock, margin: number, ratios: readonly number[]): number[];
}

/** `bet`: on the share of bad requests of a block; requests of one block may depend on each other in any way. */
export const blockBets: FactorForm = { absolute: absoluteFactors, share: shareFactors };
