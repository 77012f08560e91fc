import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ArmPlanInput, planArm, type ReplicaView } from './arm-plan.ts';

const roll = { kind: 'rolling', maxSurge: 1, maxUnavailable: 0, minReadySeconds: 0 } as const;

/** `old+`: available replica of another revision; `new-`: not available one of the wanted revision; `!`: being ended. */
function views(text: string): readonly ReplicaView[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word, index) => ({
      id: `${index}`,
      wanted: word.startsWith('new'),
      available: word.includes('+'),
      stopping: word.endsWith('!'),
    }));
}

test.each<[string, number, Partial<ArmPlanInput>, number, string]>([
  ['', 3, {}, 3, ''],
  ['new+ new+ new+', 1, {}, 0, '2 1'],
  ['new+ new- new+', 2, {}, 0, '1'],
  ['old+ old+', 0, {}, 0, '0 1'],
  ['old+ old+ old+', 3, {}, 1, ''],
  ['old+ old+ old+ new-', 3, {}, 0, ''],
  ['old+ old+ old+ new+', 3, {}, 0, '0'],
  ['old+! old+ old+ new+', 3, {}, 1, ''],
  ['old- old+ old+', 3, {}, 1, ''],
  ['old- old+ old+ new-', 3, {}, 0, ''],
  ['old- old+ old+ new+', 3, {}, 0, '0'],
  ['old+ old+', 2, { roll: { ...roll, maxSurge: 0 } }, 0, '0'],
  ['old+ old+', 2, { roll: { ...roll, maxSurge: 0, maxUnavailable: 2 } }, 0, '0 1'],
  ['old+ old+', 2, { roll: { ...roll, kind: 'recreate' } }, 0, '0 1'],
  ['old+! old+!', 2, { roll: { ...roll, kind: 'recreate' } }, 0, ''],
  ['new-', 2, { roll: { ...roll, kind: 'recreate' } }, 1, ''],
  ['old+', 1, { fixedPort: true }, 0, '0'],
  ['new+!', 1, { fixedPort: true }, 0, ''],
])('%s to %i %o: start %i, stop %s', (text, replicas, change, start, stop) => {
  const plan = planArm({ replicas, roll, fixedPort: false, list: views(text), ...change });
  expect([plan.start, plan.stop.join(' ')]).toEqual([start, stop]);
});

const view = fc.record({ wanted: fc.boolean(), available: fc.boolean(), stopping: fc.boolean() });
const input = fc
  .record({
    replicas: fc.integer({ min: 1, max: 6 }),
    maxSurge: fc.integer({ min: 0, max: 3 }),
    maxUnavailable: fc.integer({ min: 0, max: 3 }),
    list: fc.array(view, { maxLength: 10 }),
  })
  .map(
    ({ replicas, maxSurge, maxUnavailable, list }): ArmPlanInput => ({
      replicas,
      roll: { ...roll, maxSurge, maxUnavailable },
      fixedPort: false,
      list: list.map((one, index) => ({ ...one, id: `${index}` })),
    }),
  );

test('never ends an available replica that is needed, and never goes beyond the surge', () => {
  fc.assert(
    fc.property(input, (given) => {
      const plan = planArm(given);
      const live = given.list.filter((replica) => !replica.stopping);
      const { maxSurge, maxUnavailable } = given.roll;
      const least = given.replicas - (maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable);
      const before = live.filter((replica) => replica.available).length;
      const after = live.filter((replica) => replica.available && !plan.stop.includes(replica.id)).length;
      expect(after).toBeGreaterThanOrEqual(Math.min(before, least));
      if (plan.start > 0) expect(live.length + plan.start).toBeLessThanOrEqual(given.replicas + maxSurge);
    }),
  );
});

test('comes to an end: repeated with every start becoming available, all run the wanted revision', () => {
  fc.assert(
    fc.property(input, (given) => {
      let list = given.list;
      for (let round = 0; round < 60; round += 1) {
        const plan = planArm({ ...given, list });
        const left = list.filter((replica) => !replica.stopping && !plan.stop.includes(replica.id));
        const started = Array.from({ length: plan.start }, (_, index) => ({
          id: `${round}-${index}`,
          wanted: true,
          available: true,
          stopping: false,
        }));
        // What is not available becomes so: of a wanted replica that never does the engine's deadline takes care.
        list = [
          ...left.map((replica) => (replica.wanted ? { ...replica, available: true } : replica)),
          ...started,
        ];
      }
      expect(list.map((replica) => replica.wanted)).toEqual(
        Array.from({ length: given.replicas }, () => true),
      );
    }),
  );
});
