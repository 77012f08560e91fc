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
  const { failedChecks, decided, failedSignal, judgedMs, evaluationsInStep, passesInStep, ticks } = state;
  const { samples, sampleErrors, silentMs, lastCallAtMs, last } = state;
  return {
    judgedMs,
    evaluationsInStep,
    passesInStep,
    ticks,
    samples,
    lastCallAtMs,
    last,
    ...(failedChecks === 0 ? null : { failedChecks }),
    ...(decided ? { decided } : null),
    ...(failedSignal === null ? null : { failedSignal }),
    ...(silentMs === 0 ? null : { silentMs }),
    ...(Object.keys(sampleErrors).length === 0 ? null : { sampleErrors }),
  };
}
