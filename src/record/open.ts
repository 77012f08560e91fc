import type {
  Clock,
  EventQuery,
  Measurement,
  RecordedEvent,
  Recorder,
  RolloutRecord,
  Store,
  StoreSnapshot,
  StoreWrite,
} from '../engine/ports.ts';
import { EventFeed } from './event-feed.ts';
import { MeasurementBuffer } from './measurement-buffer.ts';
import { WorkerClient } from './worker-client.ts';

export interface OpenOptions {
  /** The state directory; made if it is missing, for its owner alone. */
  readonly directory: string;
  readonly clock: Clock;
  /** What the worker thread runs; a bundle gives its own file, which asks `workerData.role`. Default: from source. */
  readonly workerUrl?: URL;
  /** What goes wrong where nobody waits for an answer. */
  readonly log: (level: 'info' | 'warn', message: string) => void;
  /** Allows `faults`; for tests and benches. */
  readonly faults?: boolean;
}

export interface OpenRecord {
  readonly store: Store;
  readonly recorder: Recorder;
  /** Sequence of the last event when it was opened; 0 = none. `recorder.subscribe` tells the later ones. */
  readonly lastSequence: number;
  /** Writes what is gathered, closes the file and gives the lock back. */
  close(): Promise<void>;
  readonly faults: {
    /** The disk takes that long for the next thing: everything behind it waits. Resolves when it is over. */
    stall(durationMs: number): Promise<void>;
    /** The disk is full at that many pages of 4 KiB; null: it is not. */
    limitPages(pages: number | null): Promise<void>;
  };
}

/**
 * Opens the state directory as its one writer. SQLite works in a thread of its own, so the caller's loop never waits for
 * the disk. Errors: `state-locked`, `state-newer`, `state-unwritable`, `state-damaged`.
 */
export async function openRecord(options: OpenOptions): Promise<OpenRecord> {
  const { directory, clock, log, faults = false } = options;
  const workerUrl = options.workerUrl ?? new URL('./record-worker-entry.ts', import.meta.url);
  const client = new WorkerClient(workerUrl, { role: 'record', directory, faults });
  const lastSequence = await client.open();
  const feed = new EventFeed({
    lastSequence,
    read: (afterSequence) => client.request<readonly RecordedEvent[]>('events', { afterSequence }),
    log,
  });
  const buffer = new MeasurementBuffer({
    clock,
    write: (measurements) => client.request('measure', measurements),
    onTrouble: (message) =>
      message === null
        ? log('info', 'measurements are written again')
        : log('warn', `measurements wait to be written: ${message}`),
  });
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      await buffer.flush();
      buffer.stop();
      await client.close();
    })();
    return closing;
  };
  const store: Store = {
    load: () => client.request<StoreSnapshot>('load'),
    write: async (write: StoreWrite) => {
      const events = await client.request<readonly RecordedEvent[]>('write', write);
      feed.tell(events);
    },
    close,
  };
  const recorder: Recorder = {
    measure: (measurements) => buffer.add(measurements),
    events: (query: EventQuery) => client.request<readonly RecordedEvent[]>('events', query),
    measurements: async (rollout) => {
      await buffer.flush();
      return client.request<readonly Measurement[]>('measurements', rollout);
    },
    rollouts: (key, limit) => client.request<readonly RolloutRecord[]>('rollouts', { key, limit }),
    subscribe: (listener) => feed.subscribe(listener),
  };
  return {
    store,
    recorder,
    lastSequence,
    close,
    faults: {
      stall: (durationMs) => client.request('stall', durationMs),
      limitPages: (pages) => client.request('limitPages', pages ?? 4_294_967_294),
    },
  };
}
