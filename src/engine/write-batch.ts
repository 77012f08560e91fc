import type { CanaryRecord, RolloutRecord, StoreWrite } from './ports.ts';

/** A StoreWrite with nothing left out. */
export type WriteBatch = Required<StoreWrite>;

export const emptyBatch: WriteBatch = {
  canaries: [],
  deletedCanaries: [],
  rollouts: [],
  actions: [],
  hookAnswers: [],
  events: [],
};

export function isEmpty(batch: WriteBatch): boolean {
  return Object.values(batch).every((records) => records.length === 0);
}

/** `later` after `earlier` as one write: of each record the later state, of all else both, in order. */
export function merge(earlier: WriteBatch, later: StoreWrite): WriteBatch {
  return {
    canaries: latest(earlier.canaries, later.canaries, (record: CanaryRecord) => record.key),
    rollouts: latest(earlier.rollouts, later.rollouts, (record: RolloutRecord) => record.identity.name),
    deletedCanaries: [...earlier.deletedCanaries, ...(later.deletedCanaries ?? [])],
    actions: [...earlier.actions, ...(later.actions ?? [])],
    hookAnswers: [...earlier.hookAnswers, ...(later.hookAnswers ?? [])],
    events: [...earlier.events, ...(later.events ?? [])],
  };
}

function latest<Item>(
  earlier: readonly Item[],
  later: readonly Item[] | undefined,
  nameOf: (record: Item) => string,
): readonly Item[] {
  if (later === undefined || later.length === 0) return earlier;
  const byName = new Map([...earlier, ...later].map((record) => [nameOf(record), record]));
  return [...byName.values()];
}
