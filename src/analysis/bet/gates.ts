import type { ThresholdState } from '../threshold.ts';

/** What is no statistics, judged by `threshold`: its state without what stands at its beginning. */
export type Gates = Partial<Omit<ThresholdState, 'slots' | 'judge' | 'version'>>;

const begin: ThresholdState = {
  judge: 'threshold',
  version: 1,
  failedChecks: 0,
  decided: false,
  firstFailureAtMs: null,
  failedSignal: null,
  judgedMs: 0,
  requestsInStep: 0,
  evaluationsInStep: 0,
  passesInStep: 0,
  ticks: 0,
  slots: [],
  samples: {},
  sampleErrors: {},
  silentMs: 0,
  lastCallAtMs: null,
  last: null,
};

export function openGates(gates: Gates): ThresholdState {
  return { ...begin, ...gates };
}

/** The slots hold blocks without arms: nothing that is ever read. */
export function closeGates(state: ThresholdState): Gates {
  const kept: Record<string, unknown> = {};
  for (const key of Object.keys(begin) as (keyof ThresholdState)[]) {
    const value = state[key];
    const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    if (key !== 'slots' && value !== begin[key] && !isEmpty) kept[key] = value;
  }
  return kept;
}
