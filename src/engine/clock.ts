import type { Clock } from './ports.ts';

/** The longest delay that `setTimeout` takes; a longer one is waited for in parts. */
const longestTimerMs = 2_147_483_647;

/**
 * Wall clock at the start plus monotonic time: a clock that is set while the engine runs moves nothing. Never below
 * `lastPersistedMs`, so a clock set back between two runs does not lengthen a hold.
 */
export function monotonicClock(lastPersistedMs: number): Clock {
  const baseMs = Math.max(Date.now(), lastPersistedMs);
  const startedMs = performance.now();
  const nowMs = (): number => Math.floor(baseMs + performance.now() - startedMs);
  return {
    nowMs,
    at: (instantMs, task) => {
      let timer: NodeJS.Timeout;
      const wait = (): void => {
        const delayMs = instantMs - nowMs();
        if (delayMs <= longestTimerMs) timer = setTimeout(task, Math.max(0, delayMs));
        else timer = setTimeout(wait, longestTimerMs);
      };
      wait();
      return () => clearTimeout(timer);
    },
  };
}

/** The same clock, `aheadMs` later. */
export function aheadOf(clock: Clock, aheadMs: number): Clock {
  if (aheadMs <= 0) return clock;
  return {
    nowMs: () => clock.nowMs() + aheadMs,
    at: (instantMs, task) => clock.at(instantMs - aheadMs, task),
  };
}
