import { type Clock, type Random, sleep } from '../clock.ts';
import { isKubeError, KubeError } from '../kube-error.ts';

const tries = 5;
const delayMs = 10;
const jitter = 0.1;

export interface ConflictPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal?: AbortSignal;
}

/**
 * client-go's `RetryOnConflict` with its `DefaultRetry`, except that the reading is part of it: a second try on the object that was just
 * refused can only be refused again. `read` must ask the server, not a cache. Rejects with the last `Conflict`.
 */
export async function retryOnConflict<Item, Value>(
  read: () => Promise<Item>,
  write: (item: Item) => Promise<Value>,
  { clock, random, signal }: ConflictPorts,
): Promise<Value> {
  for (let tried = 1; ; tried += 1) {
    const item = await read();
    try {
      return await write(item);
    } catch (thrown) {
      if (!isKubeError(thrown, 'Conflict') || tried === tries) throw thrown;
    }
    await sleep(clock, delayMs * (1 + jitter * random()), signal);
    if (signal?.aborted === true)
      throw new KubeError({
        reason: 'Aborted',
        message: 'a write was aborted between two tries',
        cause: signal.reason,
      });
  }
}
