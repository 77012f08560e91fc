import type { Decision, DecideInput } from './decide.ts';

export function checkInvariants(_input: DecideInput, _decision: Decision): readonly string[] {
  return [];
}
