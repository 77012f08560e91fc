import type {
  EventQuery,
  Measurement,
  RecordedEvent,
  Recorder,
  RolloutRecord,
  ServiceKey,
} from '../../src/engine/ports.ts';
import type { MemoryStore } from './memory-store.ts';

/** History over a MemoryStore. Without hashes: the chain is the record's own business. */
export class MemoryRecorder implements Recorder {
  readonly #store: MemoryStore;
  readonly #measurements: Measurement[] = [];

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  measure(measurements: readonly Measurement[]): void {
    this.#measurements.push(...measurements);
  }

  events(query: EventQuery): Promise<readonly RecordedEvent[]> {
    const found = this.#store.events.filter(
      (event) =>
        (query.key === undefined || event.key === query.key) &&
        (query.rollout === undefined || event.rollout === query.rollout) &&
        event.sequence > (query.afterSequence ?? 0),
    );
    return Promise.resolve(found.slice(0, query.limit));
  }

  measurements(rollout: string): Promise<readonly Measurement[]> {
    return Promise.resolve(this.#measurements.filter((measurement) => measurement.rollout === rollout));
  }

  rollouts(key: ServiceKey, limit: number): Promise<readonly RolloutRecord[]> {
    const found = [...this.#store.rollouts.values()].filter((rollout) => rollout.key === key);
    return Promise.resolve(found.toReversed().slice(0, limit));
  }

  subscribe(listener: (event: RecordedEvent) => void): () => void {
    return this.#store.subscribe(listener);
  }
}
