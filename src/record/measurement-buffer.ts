import type { Clock, Measurement } from '../engine/ports.ts';
import { toSluiceError } from '../lib/error.ts';

export interface MeasurementBufferOptions {
  readonly clock: Clock;
  readonly write: (measurements: readonly Measurement[]) => Promise<void>;
  /** A sentence when writing begins to fail, null when it works again. */
  readonly onTrouble: (message: string | null) => void;
}

/** How long measurements are gathered into one write. */
const gatherMs = 1_000;
/** The pause after a write that failed. */
const retryMs = 5_000;
/** Rows in one transaction, so that writes of the state never wait long behind it. */
const maxRows = 500;

/** Gathers measurements and writes them in batches, in order, until each is written. */
export class MeasurementBuffer {
  readonly #options: MeasurementBufferOptions;
  #pending: Measurement[] = [];
  #flushing: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #failing = false;

  constructor(options: MeasurementBufferOptions) {
    this.#options = options;
  }

  add(measurements: readonly Measurement[]): void {
    this.#pending.push(...measurements);
    if (this.#pending.length > 0) this.#schedule(gatherMs);
  }

  /** Tries to write all that was added; never rejects. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
      if (this.#pending.length > 0) this.#schedule(this.#failing ? retryMs : gatherMs);
    });
    return this.#flushing;
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = () => {};
  }

  #schedule(delayMs: number): void {
    if (this.#cancelTimer !== null || this.#flushing !== null) return;
    const { clock } = this.#options;
    this.#cancelTimer = clock.at(clock.nowMs() + delayMs, () => {
      this.#cancelTimer = null;
      void this.flush();
    });
  }

  async #flush(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending.slice(0, maxRows);
      try {
        await this.#options.write(batch);
      } catch (thrown) {
        if (!this.#failing) this.#options.onTrouble(toSluiceError(thrown, 'state-unwritable').message);
        this.#failing = true;
        return;
      }
      this.#pending.splice(0, batch.length);
      if (this.#failing) this.#options.onTrouble(null);
      this.#failing = false;
    }
  }
}
