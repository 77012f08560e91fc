import { describe, expect, test } from 'vitest';
import { checkInvariants } from './invariants.ts';
import { classify, type Situation, situations } from './situations.ts';
import type { StateName } from './state.ts';
import { cellInput, decideCell } from './testing/table-cell.ts';
import { transitionTable } from './testing/transition-table.ts';

const names = Object.keys(transitionTable) as StateName[];

describe('every state times every situation (R2)', () => {
  test.each(names)('%s', (name) => {
    const actual: Partial<Record<Situation, string>> = {};
    for (const situation of situations) {
      const input = cellInput(name, situation);
      const decision = decideCell(input);
      expect(checkInvariants(input, decision)).toEqual([]);
      actual[situation] = `${decision.state.name} ${decision.state.reason}`;
    }
    expect(actual).toEqual(transitionTable[name]);
  });

  test('each situation is recognised in some state', () => {
    const found = new Set(
      names.flatMap((name) => situations.flatMap((situation) => classify(cellInput(name, situation)))),
    );
    expect(situations.filter((situation) => !found.has(situation))).toEqual([]);
  });
});
