import type { Clock } from './clock.ts';
import { linkedAbort } from './linked-abort.ts';

/** Aborts a stream on which nothing has come for a while. client-go has no such guard: a half-open connection blinds it for minutes. */
export class WatchGuard {
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly #abort: () => void;
  readonly #unlink: () => void;
  #silenceMs: number;
  #lastMs: number;
  #stalled = false;
  #cancel: () => void;

  constructor(clock: Clock, silenceMs: number, parent: AbortSignal) {
    const { signal, abort, unlink } = linkedAbort(parent);
    this.signal = signal;
    this.#abort = abort;
    this.#unlink = unlink;
    this.#clock = clock;
    this.#silenceMs = silenceMs;
    this.#lastMs = clock.nowMs();
    this.#cancel = this.#look();
  }

  /** Whether this guard ended the stream. */
  get stalled(): boolean {
    return this.#stalled;
  }

  /** Something came. Cheap: the timer is not set anew for each event. */
  touch(): void {
    this.#lastMs = this.#clock.nowMs();
  }

  allow(silenceMs: number): void {
    this.#silenceMs = silenceMs;
    this.#cancel();
    this.#cancel = this.#look();
  }

  end(): void {
    this.#cancel();
    this.#unlink();
  }

  #look(): () => void {
    return this.#clock.at(this.#lastMs + this.#silenceMs, () => {
      if (this.#clock.nowMs() - this.#lastMs < this.#silenceMs) {
        this.#cancel = this.#look();
        return;
      }
      this.#stalled = true;
      this.#abort();
    });
  }
}
