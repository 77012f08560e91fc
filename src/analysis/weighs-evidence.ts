import type { JudgeName } from './judge.ts';

/** Whether the judge weighs every request as evidence, with a bound on false rollbacks: then settings such as `margin` are read. */
export function weighsEvidence(judge: JudgeName): boolean {
  return judge === 'bet' || judge === 'likelihood';
}
