import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import type { Action, ActionKind, Observation } from './observation.ts';
import { identity, verdict } from './testing/fixtures.ts';
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

test('where everything happens at once, the rules have an order (R1)', () => {
  const world = new World();
  const holding = world.until((state) => state.name === 'Holding' && state.step === 1);
  const { route, canary } = world.observation;
  let picture: Observation = {
    ...world.observation,
    route: route && {
      ...route,
      routing: { kind: 'weight', weightPercent: 1 },
      tombstone: 'u1',
      foreignWriter: 'gitops',
    },
    canary: canary && { ...canary, failure: 'exit code 1' },
    deleting: true,
    rebooted: true,
    wantedRevision: 'other',
    verdict: verdict({ kind: 'fail' }),
    verdictAttempt: holding.attempt,
    actions: [action('pause'), action('rollback')],
  };
  const clean: readonly Partial<Observation>[] = [
    { route: picture.route && { ...picture.route, tombstone: null } },
    { actions: [action('pause')] },
    { deleting: false },
    { rebooted: false },
    { wantedRevision: 'new' },
    { verdict: null },
    { canary },
    { actions: [] },
    {
      route: picture.route && {
        ...picture.route,
        tombstone: null,
        routing: { kind: 'weight', weightPercent: 25 },
      },
    },
    { route },
  ];
  const reasons: string[] = [];
  const look = (): void => {
    const decision = decide({
      identity,
      plan: world.plan,
      state: holding,
      observation: picture,
      nowMs: world.nowMs,
    });
    reasons.push(decision.transitions[0]?.reason ?? 'none');
  };
  look();
  for (const patch of clean) {
    picture = { ...picture, ...patch };
    look();
  }
  expect(reasons).toEqual([
    'tombstone',
    'rollback-by-person',
    'deleted',
    'rebooted',
    'superseded',
    'check-failed',
    'workload-failed',
    'paused-by-person',
    'lowered-elsewhere',
    'foreign-writer',
    'none',
  ]);
});

function action(kind: ActionKind): Action {
  return { id: kind, kind, actor: { kind: 'person', name: 'ann' }, reason: '', atMs: 0 };
}
