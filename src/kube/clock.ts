/** The longest delay that `setTimeout` takes; a longer one is waited for in parts. */
const longestTimerMs = 2_147_483_647;

/** 0 ≤ x < 1 */
export type Random = () => number;

/**
 * Time as everything in this folder sees it. client-go's `clock.WithTicker` mixes both times in one `time.Time`; here they are apart,
 * since only one of them may be measured with.
 */
export interface Clock {
  /** Monotonic: never set, runs on while the process is stopped. To measure with. */
  nowMs(): number;
  /** Milliseconds since 1970 as the machine believes: to write into objects. */
  wallMs(): number;
  /** Runs `task` once, at or after the instant of `nowMs`; returns a cancel. */
  at(instantMs: number, task: () => void): () => void;
}

/** The clock of the machine. */
export function systemClock(): Clock {
  const nowMs = (): number => performance.now();
  return {
    nowMs,
    wallMs: () => Date.now(),
    at: (instantMs, task) => {
      let timer: NodeJS.Timeout;
      const wait = (): void => {
        const delayMs = Math.max(0, Math.ceil(instantMs - nowMs()));
        timer = setTimeout(ring, Math.min(delayMs, longestTimerMs));
      };
      // Looks again: `setTimeout` may be a fraction of a millisecond early.
      const ring = (): void => (nowMs() >= instantMs ? task() : wait());
      wait();
      return () => clearTimeout(timer);
    },
  };
}

/** Resolves after the delay, or when the signal is aborted: the caller looks which. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.at(clock.nowMs() + delayMs, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}
