import type { RecordedEvent, ServiceKey } from '../engine/ports.ts';
import type { ServiceListDocument, ServiceView, StreamMessage } from '../resource/view.ts';
import { eventView } from './event-view.ts';

export interface LiveStreamSource {
  readonly nowMs: () => number;
  readonly lastSequence: () => number;
  readonly readEvents: (afterSequence: number, limit: number) => Promise<readonly RecordedEvent[]>;
  readonly subscribeEvents: (listener: (event: RecordedEvent) => void) => () => void;
  readonly subscribeServices: (listener: (key: ServiceKey) => void) => () => void;
  readonly snapshot: () => ServiceListDocument;
  /** undefined: there is no such service any more. */
  readonly service: (key: ServiceKey) => ServiceView | undefined;
}

export interface LiveStreamOptions {
  /** Events after this one are sent first; null: from now on. */
  readonly afterSequence: number | null;
  /** Only what concerns these; null: everything. */
  readonly concerns: ((key: ServiceKey) => boolean) | null;
  readonly signal: AbortSignal;
  readonly pingMs: number;
  /** A service that changes faster than this is sent once for several changes. */
  readonly coalesceMs: number;
  /** Events held for a slow reader; one more and the stream ends, to be resumed by `Last-Event-ID` from the record. */
  readonly queueLimit: number;
}

export interface LiveMessage {
  readonly message: StreamMessage;
  /** For `Last-Event-ID`: everything up to it was sent. */
  readonly id: number | null;
}

const replayPage = 500;

/**
 * History first (from `afterSequence`), then the state of things, then what changes. Memory is bounded per reader: events
 * by the queue, services because only the key of a changed one is kept, so a slow reader skips versions and never a service.
 */
export async function* liveStream(
  source: LiveStreamSource,
  options: LiveStreamOptions,
): AsyncGenerator<LiveMessage> {
  const { signal } = options;
  const inbox = new Inbox(source, options);
  try {
    const { afterSequence } = options;
    // A number from the future is of another record, of which this one cannot say what was missed.
    const resume = afterSequence !== null && afterSequence <= source.lastSequence();
    let sent = resume ? afterSequence : source.lastSequence();
    if (resume) {
      for (;;) {
        const page = await source.readEvents(sent, replayPage);
        for (const event of page) {
          sent = event.sequence;
          if (inbox.wants(event.key)) yield { message: { type: 'event', data: eventView(event) }, id: sent };
        }
        if (page.length < replayPage || signal.aborted) break;
      }
    }
    yield { message: { type: 'snapshot', data: source.snapshot() }, id: sent };
    while (!signal.aborted && !inbox.overflown) {
      for (const event of inbox.takeEvents()) {
        if (event.sequence <= sent) continue;
        sent = event.sequence;
        yield { message: { type: 'event', data: eventView(event) }, id: sent };
      }
      for (const key of inbox.takeKeys()) {
        const service = source.service(key);
        const nowMs = source.nowMs();
        yield service === undefined
          ? { message: { type: 'gone', data: { nowMs, key } }, id: null }
          : { message: { type: 'service', data: { nowMs, service } }, id: null };
      }
      if (!(await inbox.somethingNew()))
        yield { message: { type: 'ping', data: { nowMs: source.nowMs() } }, id: null };
    }
  } finally {
    inbox.close();
  }
}

/** What arrived while the reader was busy. Open from before the replay, so that nothing falls between the two. */
class Inbox {
  overflown = false;
  #events: RecordedEvent[] = [];
  #keys = new Set<ServiceKey>();
  #wake: (() => void) | null = null;
  readonly #options: LiveStreamOptions;
  readonly #unsubscribe: readonly (() => void)[];

  constructor(source: LiveStreamSource, options: LiveStreamOptions) {
    this.#options = options;
    this.#unsubscribe = [
      source.subscribeEvents((event) => {
        if (!this.wants(event.key)) return;
        if (this.#events.length >= options.queueLimit) this.overflown = true;
        else this.#events.push(event);
        this.#wake?.();
      }),
      source.subscribeServices((key) => {
        if (!this.wants(key)) return;
        this.#keys.add(key);
        this.#wake?.();
      }),
    ];
  }

  wants(key: ServiceKey): boolean {
    return this.#options.concerns === null || this.#options.concerns(key);
  }

  takeEvents(): readonly RecordedEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  takeKeys(): readonly ServiceKey[] {
    const keys = [...this.#keys];
    this.#keys.clear();
    return keys;
  }

  /** False: nothing came for as long as a ping takes. */
  async somethingNew(): Promise<boolean> {
    const { signal, pingMs, coalesceMs } = this.#options;
    const arrived = await this.#arrival(
      signal,
      pingMs,
      () => this.#events.length > 0 || this.#keys.size > 0 || this.overflown,
    );
    if (arrived && this.#events.length === 0)
      await this.#arrival(signal, coalesceMs, () => this.#events.length > 0);
    return arrived || signal.aborted;
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#wake?.();
  }

  #arrival(signal: AbortSignal, limitMs: number, ready: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (value: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#wake = null;
        resolve(value);
      };
      const onAbort = (): void => finish(false);
      const timer = setTimeout(() => finish(ready()), limitMs);
      this.#wake = () => {
        if (ready()) finish(true);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) finish(false);
      else this.#wake();
    });
  }
}
