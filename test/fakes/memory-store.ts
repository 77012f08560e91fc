import type {
  CanaryRecord,
  RecordedEvent,
  RecordEvent,
  RolloutRecord,
  Store,
  StoreSnapshot,
  StoreWrite,
} from '../../src/engine/ports.ts';
import { SluiceError } from '../../src/lib/error.ts';

/** What one call does besides its work. `lost`: it is done, but the caller hears of a failure. `hang`: nothing is heard. */
export type StoreFault = 'none' | 'refuse' | 'lost' | 'hang' | 'conflict' | 'lostAndHang';

/** A Store in memory with the semantics of the real one, and faults on demand. What is handed in is kept, never copied: records are immutable. */
export class MemoryStore implements Store {
  readonly canaries = new Map<string, CanaryRecord>();
  readonly rollouts = new Map<string, RolloutRecord>();
  readonly events: RecordedEvent[] = [];
  /** Asked before each write. */
  faultOf: (write: StoreWrite) => StoreFault = () => 'none';
  /** How long a call takes; null: no time passes. */
  delay: (() => Promise<void>) | null = null;
  writes = 0;
  readonly #eventIds = new Set<string>();
  readonly #actions = new Map<string, NonNullable<StoreWrite['actions']>[number]>();
  readonly #answers = new Map<string, NonNullable<StoreWrite['hookAnswers']>[number]>();
  readonly #listeners = new Set<(event: RecordedEvent) => void>();

  async load(): Promise<StoreSnapshot> {
    if (this.delay !== null) await this.delay();
    const rollouts = [...this.rollouts.values()];
    return {
      canaries: [...this.canaries.values()],
      rollouts,
      actions: [...this.#actions.values()].filter(
        ({ rollout, action }) =>
          this.rollouts.get(rollout)?.state.consumedActions.includes(action.id) !== true,
      ),
      hookAnswers: [...this.#answers.values()],
    };
  }

  async write(write: StoreWrite): Promise<void> {
    if (this.delay !== null) await this.delay();
    const fault = this.faultOf(write);
    if (fault === 'refuse') throw new SluiceError({ code: 'state-unwritable', message: 'no space is left' });
    if (fault === 'conflict') throw new SluiceError({ code: 'conflict', message: 'somebody else was first' });
    if (fault === 'hang') return new Promise(() => undefined);
    this.#apply(write);
    if (fault === 'lost') throw new SluiceError({ code: 'state-unwritable', message: 'the reply was lost' });
    if (fault === 'lostAndHang') return new Promise(() => undefined);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  subscribe(listener: (event: RecordedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #apply(write: StoreWrite): void {
    const canaries = write.canaries ?? [];
    const rollouts = write.rollouts ?? [];
    for (const canary of canaries) mustFollow(this.canaries.get(canary.key), canary, canary.key);
    for (const rollout of rollouts) {
      const { name } = rollout.identity;
      mustFollow(this.rollouts.get(name), rollout, name);
    }
    this.writes += 1;
    for (const canary of canaries) this.canaries.set(canary.key, canary);
    for (const rollout of rollouts) this.rollouts.set(rollout.identity.name, rollout);
    for (const key of write.deletedCanaries ?? []) this.#delete(key);
    for (const entry of write.actions ?? []) this.#actions.set(entry.action.id, entry);
    for (const entry of write.hookAnswers ?? []) this.#answers.set(entry.answer.id, entry);
    for (const event of write.events ?? []) this.#append(event);
  }

  #delete(key: string): void {
    this.canaries.delete(key);
    for (const [name, rollout] of this.rollouts) if (rollout.key === key) this.rollouts.delete(name);
  }

  #append(event: RecordEvent): void {
    if (this.#eventIds.has(event.id)) return;
    this.#eventIds.add(event.id);
    const recorded = { ...event, sequence: this.events.length + 1, previousHash: '', hash: '' };
    this.events.push(recorded);
    for (const listener of this.#listeners) listener(recorded);
  }
}

function mustFollow(
  stored: { readonly version: number } | undefined,
  next: { readonly version: number },
  name: string,
): void {
  if (next.version === (stored?.version ?? 0) + 1) return;
  throw new SluiceError({
    code: 'conflict',
    message: `${name} is at version ${stored?.version ?? 0}, the write has ${next.version}`,
  });
}
