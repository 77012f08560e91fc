import { describe, expect, test } from 'vitest';
import type { Observation } from './observation.ts';
import { arm, step } from './testing/fixtures.ts';
import { World } from './testing/world.ts';

function holding(): World {
  const world = new World();
  world.until((state) => state.name === 'Holding' && state.step === 1);
  return world;
}

function route(world: World, patch: Partial<NonNullable<Observation['route']>>): void {
  const seen = world.observation.route;
  world.observation = { ...world.observation, route: seen && { ...seen, ...patch } };
}

describe('a hand on the route', () => {
  test('a weight found lower than asked is not raised again until a person resumes (R70)', () => {
    const world = holding();
    route(world, { routing: { kind: 'weight', weightPercent: 3 } });
    const from = world.effects.length;
    for (let count = 0; count < 20; count += 1) world.tick();
    expect(world.state).toMatchObject({
      name: 'Paused',
      reason: 'lowered-elsewhere',
      route: { routing: { weightPercent: 3 } },
    });
    expect(world.effects.slice(from).some((effect) => effect.kind === 'setRoute')).toBe(false);
    world.act('resume');
    world.until((state) => state.name === 'Holding' && state.step === 1);
    expect(world.state.attempt).toBe(3);
    expect(world.untilEnd()).toMatchObject({ name: 'Promoted', weightsInForce: [10, 25, 3, 50, 100] });
  });

  test('another writer is shown, not fought, and borne once a person resumes (R70)', () => {
    const world = holding();
    route(world, { foreignWriter: 'gitops' });
    for (let count = 0; count < 5; count += 1) world.tick();
    expect(world.state).toMatchObject({ name: 'Paused', reason: 'foreign-writer' });
    world.act('resume');
    world.until((state) => state.name === 'Holding' && state.step === 2);
    route(world, { foreignWriter: null });
    world.tick();
    route(world, { foreignWriter: 'gitops' });
    world.tick();
    expect(world.state).toMatchObject({ name: 'Paused', reason: 'foreign-writer' });
    world.act('resume');
    expect(world.untilEnd().name).toBe('Promoted');
  });

  test('resumed at the end of a promotion, the traffic stays on stable (R70)', () => {
    const world = holding();
    world.until((state) => state.name === 'Draining' && state.phase === 'shiftBack');
    route(world, { foreignWriter: 'gitops' });
    world.tick();
    expect(world.state).toMatchObject({ name: 'Paused', resume: 'Draining' });
    world.act('resume');
    const decision = world.tick();
    expect(decision.state.route.routing).toEqual({ kind: 'weight', weightPercent: 0 });
    expect(world.untilEnd().name).toBe('Promoted');
  });

  test('a failing check rolls back all the same (R70, R63)', () => {
    const world = holding();
    route(world, { routing: { kind: 'weight', weightPercent: 3 } });
    world.tick();
    world.verdictKind = 'fail';
    expect(world.untilEnd().name).toBe('RolledBack');
  });

  test('a weight of our own that is merely late is not lowered (R70)', () => {
    const world = new World({ plan: { steps: [step(10), step(50)] } });
    world.until((state) => state.name === 'Holding');
    world.applies = false;
    world.until((state) => state.name === 'Stepping' && state.phase === 'shift');
    world.tick();
    expect(world.state.name).toBe('Stepping');
  });

  test('what cannot be read is not written (R70)', () => {
    const world = holding();
    world.observation = { ...world.observation, route: null };
    expect(world.tick().effects).toEqual([]);
    expect(world.state).toMatchObject({ name: 'Holding', reason: 'platform-unreadable' });
  });
});

describe('what is asked from outside', () => {
  test.each([
    ['R71 deleting', { deleting: true }, 'Aborted', 'deleted'],
    ['R72 a reboot', { rebooted: true }, 'Failed', 'rebooted'],
    ['R73 the promoted revision again', { wantedRevision: 'old' }, 'Aborted', 'back-out'],
    ['R74 another revision', { wantedRevision: 'other' }, 'Superseded', 'superseded'],
    ['R75 no target any more', { wantedRevision: null }, 'Aborted', 'target-gone'],
  ] as const)('%s: weight 0, proven, then the end (N12)', (_, patch, name, reason) => {
    const world = holding();
    world.observation = { ...world.observation, ...patch };
    world.applies = false;
    for (let count = 0; count < 5; count += 1) world.tick();
    expect(world.state).toMatchObject({ name: 'RollingBack', restoredAtMs: null });
    world.applies = true;
    expect(world.untilEnd()).toMatchObject({ name, reason });
    expect(world.observation).toMatchObject({
      stable: { revision: 'old' },
      canary: { replicas: 0 },
      route: { routing: { weightPercent: 0 } },
    });
  });

  test('from the promotion on another revision waits for the end (R74)', () => {
    const world = holding();
    world.until((state) => state.name === 'Promoting');
    world.observation = { ...world.observation, wantedRevision: 'other' };
    expect(world.untilEnd().name).toBe('Promoted');
  });

  test.each(['Promoting', 'Baking'] as const)(
    'back to the promoted revision in %s goes back at once (R73)',
    (name) => {
      const world = holding();
      world.until((state) => state.name === name);
      world.observation = { ...world.observation, wantedRevision: 'old' };
      expect(world.untilEnd()).toMatchObject({ name: 'Aborted', reason: 'back-out' });
    },
  );

  test('a reboot in Draining goes on from stable, since the revision is promoted (R72)', () => {
    const world = holding();
    world.until((state) => state.name === 'Draining' && state.phase === 'roll');
    world.observation = { ...world.observation, rebooted: true };
    route(world, { routing: { kind: 'weight', weightPercent: 0 } });
    expect(world.untilEnd()).toMatchObject({ name: 'Promoted', decidedAtMs: null });
  });

  test('suspended freezes all but a decided rollback and a person (R76)', () => {
    const world = holding();
    world.observation = { ...world.observation, suspended: true };
    world.verdictKind = 'fail';
    world.observation = { ...world.observation, stable: arm('old', 2) };
    world.tick();
    const before = world.state;
    for (let count = 0; count < 20; count += 1) expect(world.tick().effects).toEqual([]);
    expect(world.state).toBe(before);
    world.act('promote');
    expect(world.tick().actions).toMatchObject([{ accepted: false }]);
    world.act('rollback');
    expect(world.untilEnd().name).toBe('Aborted');
  });
});
