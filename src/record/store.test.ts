import { expect, test } from 'vitest';
import { storeConformance } from '../../test/conformance/store.ts';
import { exampleCanary, exampleEvent, exampleRollout } from '../../test/fakes/examples.ts';
import type { Measurement, RolloutRecord } from '../engine/ports.ts';
import { TestState } from './testing/test-state.ts';

storeConformance('on SQLite', async () => {
  const state = new TestState();
  return { open: () => state.open(), dispose: () => state[Symbol.asyncDispose]() };
});

function rollout(number: number, more: Partial<RolloutRecord['state']> = {}): RolloutRecord {
  const name = `shop-v${number}-1`;
  const base = exampleRollout({ createdAtMs: number * 1_000 });
  return {
    ...base,
    identity: { ...base.identity, uid: `uid-${number}`, name },
    state: { ...base.state, ...more },
  };
}

test('loads the last ten rollouts of a Canary and any that still runs; the history has all', async () => {
  await using state = new TestState();
  const { store, recorder } = await state.open();
  const rollouts = Array.from({ length: 14 }, (_, index) =>
    rollout(index + 1, index === 1 ? {} : { endedAtMs: 5 }),
  );
  await store.write({ canaries: [exampleCanary()], rollouts });
  const loaded = await store.load();
  expect(loaded.rollouts.map((record) => record.createdAtMs / 1_000)).toEqual([
    2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
  ]);
  const history = await recorder.rollouts('default/shop', 3);
  expect(history.map((record) => record.identity.name)).toEqual(['shop-v14-1', 'shop-v13-1', 'shop-v12-1']);
});

test('an answer is kept until its hook has it, or was asked anew, or the run is over', async () => {
  await using state = new TestState();
  const { store } = await state.open();
  const asked = (n: number, passed: boolean | null): RolloutRecord['state']['hooks'][number] => ({
    id: `uid-1/0/1/hook/gate/${n}`,
    name: 'gate',
    step: 0,
    attempt: 1,
    n,
    firstAskedAtMs: 1,
    askedAtMs: 1,
    passed,
    answeredAtMs: null,
    failures: 0,
  });
  const answer = (n: number) => ({
    rollout: 'shop-v1-1',
    answer: { id: `uid-1/0/1/hook/gate/${n}`, kind: 'refused', atMs: 1, message: 'not yet' } as const,
  });
  const pending = async (): Promise<string[]> =>
    (await store.load()).hookAnswers.map((entry) => entry.answer.id.slice(-1));
  await store.write({ rollouts: [rollout(1, { hooks: [asked(1, null)] })], hookAnswers: [answer(1)] });
  expect(await pending()).toEqual(['1']);
  await store.write({
    rollouts: [{ ...rollout(1, { hooks: [asked(2, null)] }), version: 2 }],
    hookAnswers: [answer(2)],
  });
  expect(await pending()).toEqual(['2']);
  await store.write({ rollouts: [{ ...rollout(1, { hooks: [asked(2, false)] }), version: 3 }] });
  expect(await pending()).toEqual([]);
  await store.write({
    rollouts: [{ ...rollout(1, { endedAtMs: 9 }), version: 4 }],
    hookAnswers: [answer(3)],
  });
  expect(await pending()).toEqual([]);
});

test('a Canary deleted and made anew in one write is there; one changed and then deleted is gone', async () => {
  await using state = new TestState();
  const { store } = await state.open();
  await store.write({ canaries: [exampleCanary()], rollouts: [rollout(1)] });
  await store.write({ deletedCanaries: ['default/shop'], canaries: [exampleCanary({ uid: 'new' })] });
  expect(await store.load()).toMatchObject({ canaries: [{ uid: 'new' }], rollouts: [] });
  await store.write({ rollouts: [rollout(1)] });
  await store.write({
    deletedCanaries: ['default/shop'],
    canaries: [exampleCanary({ version: 2, deleting: true })],
  });
  expect(await store.load()).toMatchObject({ canaries: [], rollouts: [] });
});

test('measurements come back as they were given, in order, gathered into few writes', async () => {
  await using state = new TestState();
  const { recorder } = await state.open();
  const rows = Array.from(
    { length: 1_200 },
    (_, n): Measurement => ({
      rollout: 'shop-v1-1',
      check: n % 2 === 0 ? 'requests' : 'queue',
      arm: n % 2 === 0 ? 'stable' : 'canary',
      atMs: n,
      durationMs: 1_000,
      requests: n,
      errors: 1,
      latency: n % 2 === 0 ? { bounds: [0.1, 1], cumulative: [n, n] } : null,
      value: n % 2 === 0 ? null : n / 7,
    }),
  );
  for (const row of rows) recorder.measure([row]);
  expect(await recorder.measurements('shop-v1-1')).toEqual(rows);
  expect(await recorder.measurements('other')).toEqual([]);
});

test('what JSON does not know is dropped, not refused: the chain verifies all the same', async () => {
  await using state = new TestState();
  const { store, recorder } = await state.open();
  const data = { ratio: Number.NaN, missing: undefined, text: '\ud800 ü', list: [undefined, 1e21, -0] };
  await store.write({ events: [exampleEvent({ id: 'odd', data })] });
  const [event] = await recorder.events({});
  expect(event?.data).toEqual({ ratio: null, text: '\ud800 ü', list: [null, 1e21, 0] });
});

test('what is gathered when it is closed is on disk, and a closed record refuses', async () => {
  await using state = new TestState();
  const first = await state.open();
  const row = {
    rollout: 'r',
    check: 'c',
    arm: 'canary',
    atMs: 1,
    durationMs: 1,
    requests: 1,
    errors: 0,
    latency: null,
    value: null,
  } as const;
  first.recorder.measure([row]);
  await first.store.write({ events: [exampleEvent({ id: 'a' })] });
  await first.close();
  await first.close();
  await expect(first.store.load()).rejects.toMatchObject({ code: 'state-unwritable' });
  const second = await state.open();
  expect(await second.recorder.measurements('r')).toEqual([row]);
  expect(second.lastSequence).toBe(1);
});
