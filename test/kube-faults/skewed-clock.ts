import type { Clock } from '../../src/kube/clock.ts';

/** A machine whose clocks are not those of the others: the wall clock is set wrong, the monotonic one began at another time. */
export function skewedClock(clock: Clock, wallAheadMs: number, startedMs = 0): Clock {
  return {
    nowMs: () => clock.nowMs() - startedMs,
    wallMs: () => clock.wallMs() + wallAheadMs,
    at: (instantMs, task) => clock.at(instantMs + startedMs, task),
  };
}
