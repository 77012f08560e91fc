import { describe, expect, test } from 'vitest';
import { arm, step, verdict } from './testing/fixtures.ts';
import { World } from './testing/world.ts';
import { judging } from './verdict.ts';

function at(name: string, phase: string, options: ConstructorParameters<typeof World>[0] = {}): World {
  const world = new World(options);
  world.until((state) => state.name === name && state.phase === phase);
  return world;
}

describe('promotion', () => {
  test('by bake takes all traffic to the canary at full size before stable is touched (R50)', () => {
    const world = at('Promoting', 'shift');
    expect(world.observation.stable?.revision).toBe('old');
    expect(world.state).toMatchObject({
      canary: { replicas: 4 },
      route: { routing: { weightPercent: 100 } },
    });
    world.untilEnd();
    expect(world.observation).toMatchObject({
      stable: { revision: 'new' },
      canary: { replicas: 0 },
      route: { routing: { weightPercent: 0 } },
    });
  });

  test('by rolling keeps the canary at its share while stable is rolled and judged (R51)', () => {
    const world = at('Promoting', 'roll', { plan: { promotion: 'rolling' } });
    expect(world.state.route.routing).toEqual({ kind: 'weight', weightPercent: 50 });
    world.untilEnd();
    expect(world.story().slice(-5)).toEqual([
      'Promoting rolling-stable',
      'Promoting shifting-to-stable',
      'Draining draining',
      'Draining scaling-down',
      'Promoted succeeded',
    ]);
    expect(world.state.weightsInForce).toEqual([10, 25, 50]);
  });

  test('blue-green switches all traffic to the canary first, also when stable is then rolled (R51)', () => {
    const steps = [step(0, { routing: { kind: 'none' } })];
    const world = at('Promoting', 'roll', { plan: { promotion: 'rolling', strategy: 'BlueGreen', steps } });
    expect(world.state.route.routing).toEqual({ kind: 'weight', weightPercent: 100 });
    expect(world.untilEnd()).toMatchObject({ name: 'Promoted', weightsInForce: [100] });
  });

  test('A/B keeps its match until stable is new (R51)', () => {
    const steps = [step(0, { routing: { kind: 'match' } })];
    const world = at('Promoting', 'roll', { plan: { promotion: 'rolling', strategy: 'ABTest', steps } });
    expect(world.state.route.routing).toEqual({ kind: 'match' });
    expect(world.untilEnd().name).toBe('Promoted');
  });

  test('a bake ends only with a passing verdict over its whole time (R52, N6)', () => {
    const world = at('Baking', 'none');
    const from = world.nowMs;
    world.verdictKind = 'noData';
    for (let count = 0; count < 30; count += 1) world.tick();
    expect(world.state).toMatchObject({ name: 'Baking', reason: 'no-data' });
    world.verdictKind = 'pass';
    world.until((state) => state.name === 'Draining');
    expect(world.nowMs - from).toBeGreaterThan(world.plan.bakeMs);
  });

  test('a failing check during the bake is one write away from the old version (R52)', () => {
    const world = at('Baking', 'none');
    world.verdictKind = 'fail';
    const decision = world.tick();
    expect(decision.state).toMatchObject({ name: 'RollingBack', stableRolled: false });
    expect(world.untilEnd().name).toBe('RolledBack');
  });

  test('going back to stable at the end is not a rollback (R53, N4)', () => {
    const world = at('Draining', 'shiftBack');
    expect(world.state).toMatchObject({
      decidedAtMs: null,
      route: { routing: { weightPercent: 0 }, tombstone: false },
    });
    expect(world.untilEnd().decidedAtMs).toBeNull();
  });

  test('the tested pods stay while the new stable lacks replicas (R54)', () => {
    const world = at('Draining', 'shiftBack');
    world.observation = { ...world.observation, canary: arm('new', 4, { inFlight: 2 }) };
    world.until((state) => state.phase === 'drain');
    world.observation = { ...world.observation, stable: arm('new', 4, { ready: 2, available: 2, floor: 4 }) };
    for (let count = 0; count < 20; count += 1) world.tick();
    expect(world.state).toMatchObject({ name: 'Draining', reason: 'stable-not-ready' });
    expect(world.observation.canary?.replicas).toBe(4);
    world.observation = {
      ...world.observation,
      stable: arm('new', 4, { floor: 4 }),
      canary: arm('new', 4),
    };
    expect(world.untilEnd().name).toBe('Promoted');
  });

  test('the old version is removed as a phase of Draining: no traffic is on it (R55)', () => {
    const world = at('Draining', 'roll');
    expect(world.state.routeInForce).toEqual({ kind: 'weight', weightPercent: 100 });
    world.observation = { ...world.observation, wantedRevision: 'other' };
    expect(world.untilEnd().name).toBe('Promoted');
  });

  test.each(['bake', 'rolling'] as const)(
    '%s: if stable fails to roll, traffic goes to the canary and a person is called (R56)',
    (promotion) => {
      const world = new World({ plan: { promotion } });
      world.until((state) => state.phase === 'roll' || (state.name === 'Holding' && state.step === 2));
      if (promotion === 'bake') world.until((state) => state.name === 'Baking');
      world.until((state) => {
        world.starts = state.name !== 'Draining' && state.name !== 'Promoting';
        return state.phase === 'roll';
      });
      world.observation = {
        ...world.observation,
        stable: arm('new', 4, {
          ready: 0,
          available: 0,
          readyOfOtherRevisions: 2,
          failure: 'image not found',
          floor: 4,
        }),
      };
      world.starts = true;
      const end = world.untilEnd();
      expect(end).toMatchObject({
        name: 'Failed',
        reason: 'promotion-failed',
        owner: 'person',
        decidedAtMs: null,
      });
      expect(world.observation).toMatchObject({
        route: { routing: { weightPercent: 100 } },
        canary: { replicas: 4 },
      });
      expect(world.effects.some((effect) => effect.kind === 'notify' && effect.severity === 'error')).toBe(
        true,
      );
    },
  );

  test('without a bake nothing is waited for (R50)', () => {
    const world = new World({ plan: { bakeMs: 0 } });
    world.untilEnd();
    expect(world.story()).not.toContain('Baking baking');
  });

  test('a canary that breaks once traffic leaves it is no reason to go back (R53)', () => {
    const world = at('Promoting', 'shiftBack', { plan: { promotion: 'rolling' } });
    world.observation = { ...world.observation, canary: arm('new', 4, { failure: 'exit code 1' }) };
    expect(world.untilEnd()).toMatchObject({ name: 'Promoted', decidedAtMs: null });
  });

  test.each(['shiftBack', 'drain'] as const)(
    'a new stable that fails in %s sends the traffic to the canary (R54, R56)',
    (phase) => {
      const world = at('Draining', 'shiftBack');
      world.observation = { ...world.observation, canary: arm('new', 4, { inFlight: 2 }) };
      world.until((state) => state.phase === phase);
      world.observation = {
        ...world.observation,
        stable: arm('new', 4, { ready: 0, available: 0, failure: 'exit code 1', floor: 4 }),
      };
      expect(world.untilEnd()).toMatchObject({ name: 'Failed', reason: 'promotion-failed' });
      expect(world.observation).toMatchObject({
        route: { routing: { weightPercent: 100 } },
        canary: { replicas: 4 },
      });
    },
  );

  test('a new stable that stays short of replicas does so at the progress deadline (R54)', () => {
    const world = at('Draining', 'shiftBack');
    world.observation = { ...world.observation, stable: arm('new', 4, { ready: 2, available: 2, floor: 4 }) };
    const from = world.nowMs;
    expect(world.untilEnd()).toMatchObject({ name: 'Failed', reason: 'promotion-failed' });
    expect(world.nowMs - from).toBeGreaterThanOrEqual(world.plan.progressDeadlineMs);
  });

  test('what cannot be read of the new stable is not proof of it (R54)', () => {
    const world = at('Draining', 'shiftBack');
    world.observation = { ...world.observation, stable: null };
    for (let count = 0; count < 5; count += 1) world.tick();
    expect(world.state).toMatchObject({ name: 'Draining', phase: 'shiftBack' });
  });

  test('from the shift back on there is nothing to judge, whatever a late verdict says (R53)', () => {
    for (const phase of ['shiftBack', 'drain', 'scaleDown'] as const) {
      const world = at('Draining', phase === 'shiftBack' ? phase : 'shiftBack');
      world.observation = { ...world.observation, canary: arm('new', 4, { inFlight: 2 }) };
      world.until((state) => state.phase === phase);
      const proven = { ...world.state, inForceSinceMs: world.nowMs };
      expect(judging(proven)).toBeNull();
      world.observation = {
        ...world.observation,
        verdict: verdict({ kind: 'fail' }),
        verdictAttempt: world.state.attempt,
      };
      world.tick();
      expect(world.state.decidedAtMs).toBeNull();
    }
  });
});
