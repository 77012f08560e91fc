import type { ProbeSpec } from '../../../resource/service-spec.ts';
import { type ProbeContext, probeOnce } from './probe.ts';

/** Until the first pass the probe is made this often, so that a fast start is not lost in a long period. */
const eagerMs = 200;

export interface ProberOptions {
  readonly spec: ProbeSpec;
  readonly context: ProbeContext;
  /** What is held to be true before the first attempts; null: nothing, so the first state is told too. */
  readonly passing: boolean | null;
  /**
   * Attempt every 200 ms until the first pass. Failures in between are not counted: a threshold of failures still takes
   * its number of periods.
   */
  readonly eager: boolean;
  /** The thresholds were crossed. */
  readonly changed: (passing: boolean, message: string) => void;
}

/** Repeats one probe and turns attempts into a state by its thresholds. Attempts never overlap. */
export class Prober {
  readonly #options: ProberOptions;
  #passing: boolean | null;
  #passedOnce = false;
  #streak = 0;
  #lastOk: boolean | null = null;
  #countedAtMs: number;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#passing = options.passing;
    this.#countedAtMs = performance.now();
  }

  start(delayMs: number): void {
    this.#countedAtMs = performance.now() + delayMs - this.#periodMs;
    this.#schedule(delayMs);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  get #periodMs(): number {
    return this.#options.spec.periodSeconds * 1_000;
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => void this.#attempt(), delayMs);
  }

  async #attempt(): Promise<void> {
    const { spec, context, eager, changed } = this.#options;
    const startedAtMs = performance.now();
    const result = await probeOnce(spec.action, spec.timeoutSeconds * 1_000, context);
    if (this.#stopped) return;
    const counts = result.ok || startedAtMs - this.#countedAtMs >= this.#periodMs - 1;
    if (counts) {
      this.#countedAtMs = startedAtMs;
      this.#passedOnce ||= result.ok;
      this.#streak = result.ok === this.#lastOk ? this.#streak + 1 : 1;
      this.#lastOk = result.ok;
      const threshold = result.ok ? spec.successThreshold : spec.failureThreshold;
      if (this.#passing !== result.ok && this.#streak >= threshold) {
        this.#passing = result.ok;
        changed(result.ok, result.ok ? '' : result.message);
      }
    }
    if (this.#stopped) return;
    this.#schedule(eager && !this.#passedOnce ? Math.min(eagerMs, this.#periodMs) : this.#periodMs);
  }
}
