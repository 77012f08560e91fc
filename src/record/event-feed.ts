import type { RecordedEvent } from '../engine/ports.ts';
import { toSluiceError } from '../lib/error.ts';

export interface EventFeedOptions {
  /** Last event that was on disk at the start; only later ones are told. */
  readonly lastSequence: number;
  readonly read: (afterSequence: number) => Promise<readonly RecordedEvent[]>;
  readonly log: (level: 'warn', message: string) => void;
}

/**
 * Tells listeners of durable events, each once, in sequence. Where the answer to a write was lost, its events come with the
 * next write: they are read back from disk, since the repeat of the write found them recorded.
 */
export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #listeners = new Set<(event: RecordedEvent) => void>();
  #lastTold: number;
  #catchingUp = false;

  constructor(options: EventFeedOptions) {
    this.#options = options;
    this.#lastTold = options.lastSequence;
  }

  subscribe(listener: (event: RecordedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Events of one write that is on disk. */
  tell(events: readonly RecordedEvent[]): void {
    const first = events[0];
    if (first === undefined || this.#catchingUp) return;
    if (first.sequence > this.#lastTold + 1) void this.#catchUp();
    else for (const event of events) this.#tellOne(event);
  }

  async #catchUp(): Promise<void> {
    this.#catchingUp = true;
    try {
      let missing = await this.#options.read(this.#lastTold);
      while (missing.length > 0) {
        for (const event of missing) this.#tellOne(event);
        missing = await this.#options.read(this.#lastTold);
      }
    } catch (thrown) {
      const { message } = toSluiceError(thrown, 'internal');
      this.#options.log('warn', `events are told later: ${message}`);
    } finally {
      this.#catchingUp = false;
    }
  }

  #tellOne(event: RecordedEvent): void {
    if (event.sequence <= this.#lastTold) return;
    this.#lastTold = event.sequence;
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (thrown) {
        const { message } = toSluiceError(thrown, 'internal');
        this.#options.log('warn', `a listener of events failed: ${message}`);
      }
    }
  }
}
