import { clopperPearson } from '../special/incomplete-beta.ts';

/** A share that was counted, with exact bounds: each side is wrong with at most 5 %. Shares are 0 to 1. */
export interface CountedShare {
  readonly count: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}

/** Probability that one bound is wrong. */
const wrong = 0.05;

export function countedShare(count: number, of: number): CountedShare {
  return of === 0 ? { count, of, low: 0, high: 1 } : { count, of, ...clopperPearson(count, of, 2 * wrong) };
}

/** Rollouts without a single rollback that show with 95 % that at most `share` are rolled back: 299 for 1 %, 59 for 5 %. */
export function rolloutsToShow(share: number): number {
  // The margin is for the rounding of a quotient that is whole.
  return Math.ceil(Math.log(wrong) / Math.log1p(-share) - 1e-9);
}
