import { expect, test } from 'vitest';
import { World } from './testing/world.ts';

test('a good revision goes through its steps, bakes, and becomes stable', () => {
  const world = new World();
  expect(world.untilEnd().name).toBe('Promoted');
  expect(world.story()).toMatchInlineSnapshot(`
    [
      "Starting waiting-for-stable",
      "Starting scaling-canary",
      "Stepping scaling-canary",
      "Stepping shifting-to-canary",
      "Holding holding",
      "Stepping scaling-canary",
      "Stepping shifting-to-canary",
      "Holding holding",
      "Stepping scaling-canary",
      "Stepping shifting-to-canary",
      "Holding holding",
      "Promoting shifting-to-canary",
      "Promoting shifting-to-canary",
      "Baking baking",
      "Draining rolling-idle-stable",
      "Draining shifting-to-stable",
      "Draining draining",
      "Draining scaling-down",
      "Promoted succeeded",
    ]
  `);
  expect(world.state.weightsInForce).toEqual([10, 25, 50, 100]);
});

test('a failing check takes the traffic back before anything else', () => {
  const world = new World();
  world.until((state) => state.name === 'Holding' && state.step === 1);
  world.verdictKind = 'fail';
  const decision = world.tick();
  expect(decision.effects).toMatchInlineSnapshot(`
    [
      {
        "id": "u1/1/2/route/tombstone",
        "kind": "setRoute",
        "route": {
          "routing": {
            "kind": "weight",
            "weightPercent": 0,
          },
          "tombstone": true,
        },
      },
    ]
  `);
  expect(world.untilEnd().name).toBe('RolledBack');
  expect(world.story().slice(-6)).toMatchInlineSnapshot(`
    [
      "Stepping shifting-to-canary",
      "Holding holding",
      "RollingBack check-failed",
      "RollingBack check-failed",
      "RollingBack check-failed",
      "RolledBack check-failed",
    ]
  `);
});
