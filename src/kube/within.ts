import type { Clock } from './clock.ts';
import { KubeError } from './kube-error.ts';
import { linkedAbort } from './linked-abort.ts';

/** The call's answer, or `DeadlineExceeded` after `limitMs`, also from a call that does not listen to its signal. */
export async function within<Value>(
  clock: Clock,
  limitMs: number,
  call: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const { signal, abort } = linkedAbort();
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.at(clock.nowMs() + limitMs, () => {
      abort();
      reject(
        new KubeError({ reason: 'DeadlineExceeded', message: `no answer within ${Math.round(limitMs)} ms` }),
      );
    });
  });
  try {
    return await Promise.race([call(signal), late]);
  } finally {
    cancel();
  }
}
