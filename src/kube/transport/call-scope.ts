import type { Clock } from '../clock.ts';
import { KubeError } from '../kube-error.ts';

/**
 * The bounds of one call: its deadline, the caller's signal, the client's end. Whatever ends it is the reason of `signal`, as the KubeError
 * that the call rejects with.
 */
export class CallScope {
  readonly endsAtMs: number;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #late: () => void;
  readonly #cancelDeadline: () => void;
  readonly #unlink: (() => void)[] = [];

  constructor(clock: Clock, timeoutMs: number, what: string, signals: readonly (AbortSignal | undefined)[]) {
    this.#clock = clock;
    this.endsAtMs = clock.nowMs() + timeoutMs;
    this.#late = () =>
      this.abort(
        new KubeError({
          reason: 'DeadlineExceeded',
          message: `${what} took longer than ${timeoutMs / 1000} s`,
        }),
      );
    this.#cancelDeadline = clock.at(this.endsAtMs, this.#late);
    for (const signal of signals) {
      if (signal === undefined) continue;
      const abort = (): void =>
        this.abort(
          new KubeError({ reason: 'Aborted', message: `${what} was aborted`, cause: signal.reason }),
        );
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      this.#unlink.push(() => signal.removeEventListener('abort', abort));
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  remainingMs(): number {
    return this.endsAtMs - this.#clock.nowMs();
  }

  /** Before something is sent: in a process that was stopped (SIGSTOP), other timers may ring before that of the deadline. */
  throwIfOver(): void {
    if (this.remainingMs() <= 0) this.#late();
    this.signal.throwIfAborted();
  }

  abort(reason: KubeError): void {
    this.#controller.abort(reason);
  }

  /** From here on no deadline: a watch has begun. */
  disarm(): void {
    this.#cancelDeadline();
  }

  /** The work's own result, unless the scope ends first: then the work is left to end by itself. */
  async within<Value>(work: Promise<Value>): Promise<Value> {
    const { signal } = this;
    // Also where nobody waits for it any more.
    work.catch(() => {});
    signal.throwIfAborted();
    let stop = (): void => {};
    const ended = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([work, ended]);
    } catch (thrown) {
      signal.throwIfAborted();
      throw thrown;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  end(): void {
    this.disarm();
    for (const unlink of this.#unlink) unlink();
  }
}
