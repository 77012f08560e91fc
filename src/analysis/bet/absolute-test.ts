import type { ArmCounts } from '../block.ts';
import { type Counted, countBad } from './bad-count.ts';
import type { AbsoluteTest } from './bet-tests.ts';
import { ratiosFor } from './factors.ts';
import type { FactorForm } from './forms.ts';
import {
  addCounts,
  advanceOnset,
  advanceProcess,
  type Counts,
  type Course,
  type Onset,
  type Process,
  startProcess,
} from './process.ts';

/** Evidence that an arm breaks a limit, and the same for stable, whose evidence only excuses. */
export type AbsoluteState = {
  readonly canary: Process;
  readonly stable: Process;
  /** Requests that a block is expected to have, from past blocks alone: n̄ ← 0.8 n̄ + 0.2 n. null: no block yet. */
  readonly expected: readonly [canary: number | null, stable: number | null];
  readonly onset: Onset | null;
  /** After the last block stable broke the limit too, and the canary was not shown to be worse. */
  readonly excused: boolean;
  /** Of the run. */
  readonly totals: Counts;
};

export function startAbsolute(test: AbsoluteTest): AbsoluteState {
  const process = startProcess(ratiosFor(test.limit).length);
  return {
    canary: process,
    stable: process,
    expected: [null, null],
    onset: null,
    excused: false,
    totals: [0, 0, 0, 0],
  };
}

export interface ArmsOfBlock {
  readonly fromMs: number;
  readonly canary: ArmCounts | null;
  readonly stable: ArmCounts | null;
}

export function advanceAbsolute(
  test: AbsoluteTest,
  state: AbsoluteState,
  block: ArmsOfBlock,
  context: { readonly course: Course; readonly form: FactorForm; readonly plannedRequests: number },
): AbsoluteState {
  const canary = served(block.canary, test);
  const stable = served(block.stable, test);
  const counts: Counts = [canary?.requests ?? 0, canary?.bad ?? 0, stable?.requests ?? 0, stable?.bad ?? 0];
  const { course, form } = context;
  const ratios = ratiosFor(test.limit);
  let { canary: own, stable: other, onset } = state;
  let [expected, stableExpected] = state.expected;
  if (canary !== null) {
    const factors = form.absolute(canary, test.limit, ratios, expected ?? context.plannedRequests);
    const next = advanceProcess(own, factors, course);
    onset = advanceOnset(onset, next.growth, { fromMs: block.fromMs, counts });
    own = next.process;
    expected = average(expected, canary.requests);
  }
  if (stable !== null) {
    const factors = form.absolute(stable, test.limit, ratios, stableExpected ?? stable.requests);
    other = advanceProcess(other, factors, course).process;
    stableExpected = average(stableExpected, stable.requests);
  }
  return {
    canary: own,
    stable: other,
    expected: [expected, stableExpected],
    onset,
    excused: state.excused,
    totals: addCounts(state.totals, counts),
  };
}

function served(arm: ArmCounts | null, test: AbsoluteTest): Counted | null {
  const counted = arm === null ? null : countBad(arm, test.bad);
  return counted === null || counted.requests === 0 ? null : counted;
}

function average(before: number | null, requests: number): number {
  return before === null ? requests : Math.round((0.8 * before + 0.2 * requests) * 1000) / 1000;
}

/**
 * What the canary did while stable broke the limit too says nothing about the release: when that is over, its evidence starts anew.
 * To forget evidence is always allowed.
 */
export function excuse(state: AbsoluteState, excused: boolean): AbsoluteState {
  if (excused === state.excused) return state;
  if (excused) return { ...state, excused };
  const [empty] = startProcess(state.canary[0].length / startProcess(1)[0].length);
  return { ...state, excused, canary: [empty, state.canary[1]], onset: null };
}
