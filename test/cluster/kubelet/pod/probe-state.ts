import type { Probe } from 'kubernetes-types/core/v1.js';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

/** With the defaults of the API, which the server fills in. */
export interface ProbeTiming {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export function timingOf(probe: Probe): ProbeTiming {
  return {
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1000,
    periodMs: (probe.periodSeconds ?? 10) * 1000,
    timeoutMs: (probe.timeoutSeconds ?? 1) * 1000,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

/** One probe of one run of a container. */
export interface ProbeState {
  /** What counts; what it was at first until a threshold is reached. */
  readonly passing: boolean;
  /** Results in a row that are alike. */
  readonly row: number;
  readonly last: boolean | null;
  /** The container is to be ended; nothing is probed any more. */
  readonly fatal: boolean;
}

/** A container is alive until it is shown not to be, but not ready and not started until it is shown to be. */
export function firstState(kind: ProbeKind): ProbeState {
  return { passing: kind === 'liveness', row: 0, last: null, fatal: false };
}

/** The state after one more result. */
export function afterResult(
  kind: ProbeKind,
  timing: ProbeTiming,
  state: ProbeState,
  success: boolean,
): ProbeState {
  const row = success === state.last ? state.row + 1 : 1;
  if (row < (success ? timing.successThreshold : timing.failureThreshold)) {
    return { ...state, row, last: success };
  }
  return { passing: success, row, last: success, fatal: !success && kind !== 'readiness' };
}

/** Whether this probe is due now, given whether the startup probe has succeeded: that one comes first and then never again. */
export function isProbed(kind: ProbeKind, state: ProbeState, started: boolean): boolean {
  return !state.fatal && started === (kind !== 'startup');
}
