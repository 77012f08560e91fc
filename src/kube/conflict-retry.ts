import { backoffMs, type BackoffPolicy } from './backoff.ts';
import { type Clock, type Random, sleep } from './clock.ts';
import { isKubeError } from './kube-error.ts';

/** client-go's `retry.DefaultRetry`. */
const policy: BackoffPolicy = { baseMs: 10, maxMs: 1000, factor: 1, jitter: 0.1, healthyMs: 0 };
const tries = 5;

/**
 * Tries again where somebody else wrote first; `attempt` reads the object anew each time. Only for status and finalizers: a conflict on
 * what was decided from the object has to be decided anew, which is a new reconcile. The last conflict is thrown.
 */
export async function retryOnConflict<Value>(
  clock: Clock,
  random: Random,
  attempt: () => Promise<Value>,
): Promise<Value> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (thrown) {
      if (failures + 1 >= tries || !isKubeError(thrown, 'Conflict')) throw thrown;
      await sleep(clock, backoffMs(failures, random(), policy));
    }
  }
}
