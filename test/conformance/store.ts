import { describe, expect, test } from 'vitest';
import type { RecordedEvent, Recorder, Store } from '../../src/engine/ports.ts';
import { exampleCanary, exampleEvent, exampleRollout } from '../fakes/examples.ts';

/** One storage: `open` opens it, again and again on the same content. */
export interface StoreUnderTest {
  open(): Promise<{ readonly store: Store; readonly recorder: Recorder }>;
  /** After the test. */
  dispose(): Promise<void>;
}

const actor = { kind: 'person', name: 'ada' } as const;
const action = { id: 'action-1', kind: 'pause', actor, reason: 'lunch', atMs: 2_000 } as const;
const answer = { id: 'rollout-1/0/1/hook/gate/1', kind: 'passed', atMs: 2_000, message: 'yes' } as const;

/** What the engine relies on of every Store and the Recorder that comes with it. */
export function storeConformance(name: string, make: () => Promise<StoreUnderTest>): void {
  async function opened(work: (under: StoreUnderTest) => Promise<void>): Promise<void> {
    const under = await make();
    try {
      await work(under);
    } finally {
      await under.dispose();
    }
  }

  describe(`store ${name}`, () => {
    test('is empty at first', () =>
      opened(async (under) => {
        const { store } = await under.open();
        expect(await store.load()).toEqual({ canaries: [], rollouts: [], actions: [], hookAnswers: [] });
        await store.close();
      }));

    test('gives back what was written, also when opened again', () =>
      opened(async (under) => {
        const canary = exampleCanary();
        const rollout = exampleRollout({
          judge: { judge: 'threshold', nested: [1, null, 'ü'] },
          metricCursor: { at: 7 },
        });
        const first = await under.open();
        await first.store.write({
          canaries: [canary],
          rollouts: [rollout],
          actions: [{ rollout: 'shop-v1-1', action }],
          hookAnswers: [{ rollout: 'shop-v1-1', answer }],
        });
        await first.store.close();
        const second = await under.open();
        expect(await second.store.load()).toEqual({
          canaries: [canary],
          rollouts: [rollout],
          actions: [{ rollout: 'shop-v1-1', action }],
          hookAnswers: [{ rollout: 'shop-v1-1', answer }],
        });
        await second.store.close();
      }));

    test('refuses a version that does not follow the stored one, and writes nothing of that write', () =>
      opened(async (under) => {
        const { store, recorder } = await under.open();
        await store.write({ canaries: [exampleCanary()], rollouts: [exampleRollout()] });
        const wrong = [
          { canaries: [exampleCanary({ version: 1 })] },
          { canaries: [exampleCanary({ version: 3 })] },
          { rollouts: [exampleRollout({ version: 1 })] },
          {
            canaries: [exampleCanary({ version: 2, disabled: true })],
            rollouts: [exampleRollout({ version: 3 })],
          },
        ];
        for (const write of wrong) {
          const events = [exampleEvent({ id: 'never' })];
          await expect(store.write({ ...write, events })).rejects.toMatchObject({ code: 'conflict' });
        }
        const { canaries, rollouts } = await store.load();
        expect([canaries, rollouts]).toEqual([[exampleCanary()], [exampleRollout()]]);
        expect(await recorder.events({})).toEqual([]);
        await store.write({ canaries: [exampleCanary({ version: 2, disabled: true })] });
        expect((await store.load()).canaries).toEqual([exampleCanary({ version: 2, disabled: true })]);
        await store.close();
      }));

    test('forgets an action once its rollout has consumed it, and keeps the others', () =>
      opened(async (under) => {
        const { store } = await under.open();
        const other = { ...action, id: 'action-2' };
        const rollout = exampleRollout();
        await store.write({
          canaries: [exampleCanary()],
          rollouts: [rollout],
          actions: [action, other].map((one) => ({ rollout: 'shop-v1-1', action: one })),
        });
        const state = { ...rollout.state, consumedActions: ['action-1'] };
        await store.write({ rollouts: [exampleRollout({ version: 2, state })] });
        expect((await store.load()).actions).toEqual([{ rollout: 'shop-v1-1', action: other }]);
        await store.close();
      }));

    test('takes an action and an answer that come twice as one', () =>
      opened(async (under) => {
        const { store } = await under.open();
        const write = {
          actions: [{ rollout: 'shop-v1-1', action }],
          hookAnswers: [{ rollout: 'shop-v1-1', answer }],
        };
        await store.write({ canaries: [exampleCanary()], rollouts: [exampleRollout()], ...write });
        await store.write(write);
        const { actions, hookAnswers } = await store.load();
        expect([actions.length, hookAnswers.length]).toEqual([1, 1]);
        await store.close();
      }));

    test('keeps the running rollout and forgets a deleted Canary with all it had', () =>
      opened(async (under) => {
        const { store } = await under.open();
        await store.write({ canaries: [exampleCanary()], rollouts: [exampleRollout()] });
        await store.write({ deletedCanaries: ['default/shop'], events: [exampleEvent({ id: 'gone' })] });
        expect(await store.load()).toEqual({ canaries: [], rollouts: [], actions: [], hookAnswers: [] });
        await store.close();
      }));

    test('records an event once, numbers without gaps, and tells who listens', () =>
      opened(async (under) => {
        const { store, recorder } = await under.open();
        const heard: RecordedEvent[] = [];
        const stop = recorder.subscribe((event) => heard.push(event));
        await store.write({ events: [exampleEvent({ id: 'a' }), exampleEvent({ id: 'b' })] });
        await store.write({
          events: [exampleEvent({ id: 'b' }), exampleEvent({ id: 'c', rollout: 'shop-v1-1' })],
        });
        const events = await recorder.events({});
        expect(events.map((event) => [event.sequence, event.id])).toEqual([
          [1, 'a'],
          [2, 'b'],
          [3, 'c'],
        ]);
        expect(heard.map((event) => event.sequence)).toEqual([1, 2, 3]);
        stop();
        const idsOf = async (query: Parameters<Recorder['events']>[0]): Promise<readonly string[]> =>
          (await recorder.events(query)).map((event) => event.id);
        expect(await idsOf({ afterSequence: 1 })).toEqual(['b', 'c']);
        expect(await idsOf({ afterSequence: 1, limit: 1 })).toEqual(['b']);
        expect(await idsOf({ rollout: 'shop-v1-1' })).toEqual(['c']);
        expect(await idsOf({ key: 'default/other' })).toEqual([]);
        await store.close();
      }));
  });
}
