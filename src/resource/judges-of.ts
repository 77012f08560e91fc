import type { JudgeName } from '../analysis/judge.ts';
import { weighsEvidence } from '../analysis/weighs-evidence.ts';
import type { CanaryResource } from './check/resource.ts';

export interface Judges {
  readonly deciding: JudgeName;
  /** They look on and decide nothing. */
  readonly shadow: readonly JudgeName[];
}

/** As written; else `bet`, and for Flagger's own Canaries Flagger's judge with `bet` looking on. */
export function judgesOf({ value, flavour }: CanaryResource): Judges {
  const { analysis } = value.spec;
  const flagger = flavour === 'flagger';
  const deciding = analysis?.judge ?? (flagger ? 'threshold' : 'bet');
  const shadow = analysis?.shadow ?? (flagger ? (['bet'] as const) : []);
  return { deciding, shadow: [...new Set(shadow)].filter((name) => name !== deciding) };
}

/** Whether any of them, deciding or not, weighs evidence. */
export function someWeighEvidence({ deciding, shadow }: Judges): boolean {
  return [deciding, ...shadow].some(weighsEvidence);
}
