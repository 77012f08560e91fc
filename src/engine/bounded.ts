import { SluiceError } from '../lib/error.ts';
import type { Clock } from './ports.ts';

/**
 * Waits for `work`, at most `limitMs`. The work itself is not stopped: who must not start it twice remembers that it runs.
 * Rejects with SluiceError `timeout`.
 */
export function bounded<Value>(
  clock: Clock,
  limitMs: number,
  what: string,
  work: Promise<Value>,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = clock.at(clock.nowMs() + limitMs, () => {
      reject(new SluiceError({ code: 'timeout', message: `${what} took longer than ${limitMs} ms` }));
    });
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (thrown: unknown) => {
        cancel();
        reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
      },
    );
  });
}
