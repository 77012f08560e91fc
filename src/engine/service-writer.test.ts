import { expect, test } from 'vitest';
import { exampleCanary, exampleEvent, exampleRollout } from '../../test/fakes/examples.ts';
import { MemoryStore, type StoreFault } from '../../test/fakes/memory-store.ts';
import { SeededRandom } from '../../test/fakes/seeded-random.ts';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import type { RolloutRecord } from './ports.ts';
import { ServiceWriter } from './service-writer.ts';

interface Rig {
  readonly clock: VirtualClock;
  readonly store: MemoryStore;
  readonly writer: ServiceWriter;
  readonly foreign: RolloutRecord[];
  readonly troubles: (string | null)[];
}

function rig(faults: StoreFault[] = []): Rig {
  const clock = new VirtualClock(0);
  const store = new MemoryStore();
  store.faultOf = () => faults.shift() ?? 'none';
  const foreign: RolloutRecord[] = [];
  const troubles: (string | null)[] = [];
  const writer = new ServiceWriter({
    key: 'default/shop',
    store,
    clock,
    random: new SeededRandom(1),
    backoff: { baseMs: 50, limitMs: 1_000 },
    writeLimitMs: 1_000,
    onDurable: () => undefined,
    onTrouble: (message) => troubles.push(message),
    onForeign: (_canary, rollouts) => foreign.push(...rollouts),
  });
  return { clock, store, writer, foreign, troubles };
}

test('what is queued in one tick, or while a write is under way, is one transaction', async () => {
  const { clock, store, writer } = rig();
  writer.queue({ canaries: [exampleCanary()] });
  writer.queue({ rollouts: [exampleRollout()] });
  writer.queue({ canaries: [exampleCanary({ disabled: true })], events: [exampleEvent()] });
  await clock.runFor(0);
  const [canary] = store.canaries.values();
  expect([store.writes, canary?.disabled, canary?.version, store.events.length]).toEqual([1, true, 1, 1]);
});

for (const fault of ['refuse', 'lost', 'hang', 'lostAndHang', 'conflict'] as const) {
  test(`a write that meets "${fault}" is there in the end, once, and is nobody else's`, async () => {
    const { clock, store, writer, foreign, troubles } = rig([fault, fault]);
    writer.queue({
      canaries: [exampleCanary()],
      rollouts: [exampleRollout()],
      events: [exampleEvent({ id: 'a' })],
    });
    await clock.runFor(500);
    writer.queue({
      rollouts: [exampleRollout({ checks: [], attempt: 2 })],
      events: [exampleEvent({ id: 'b' })],
    });
    await clock.runFor(60_000);
    const [rollout] = store.rollouts.values();
    expect([rollout?.attempt, store.events.map((event) => event.id), foreign, writer.busy]).toEqual([
      2,
      ['a', 'b'],
      [],
      false,
    ]);
    expect([troubles.length > 0, troubles.at(-1)]).toEqual([true, null]);
  });
}

test('what somebody else wrote is handed over and not overwritten', async () => {
  const { clock, store, writer, foreign } = rig();
  writer.queue({ canaries: [exampleCanary()], rollouts: [exampleRollout()] });
  await clock.runFor(0);
  const theirs = exampleRollout({ version: 2, attempt: 7 });
  await store.write({ rollouts: [theirs] });
  writer.queue({ rollouts: [exampleRollout({ attempt: 3 })] });
  await clock.runFor(10_000);
  expect([[...store.rollouts.values()], foreign]).toEqual([[theirs], [theirs]]);
});

test('who waits for the disk is told when it takes too long, and the write goes on', async () => {
  const { clock, store, writer } = rig(Array.from({ length: 30 }, () => 'refuse'));
  writer.queue({ canaries: [exampleCanary()] });
  const waiting = writer.durable(2_000).catch((thrown: unknown) => thrown);
  await clock.runFor(2_000);
  expect(await waiting).toMatchObject({ code: 'state-unwritable' });
  await clock.runFor(120_000);
  expect(store.canaries.size).toBe(1);
});
