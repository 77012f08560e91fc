import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { judging } from './verdict.ts';
import { arm, hook } from './testing/fixtures.ts';
import { World } from './testing/world.ts';

function deciding(plan: ConstructorParameters<typeof World>[0] = {}): World {
  const world = new World(plan);
  world.until((state) => state.name === 'Holding' && state.step === 1);
  world.verdictKind = 'fail';
  return world;
}

describe('a rollback', () => {
  test('is one transition whose first effect is weight 0 with the tombstone (R40, N5)', () => {
    const decision = deciding().tick();
    expect(decision.transitions).toMatchObject([
      { from: 'Holding', to: 'RollingBack', reason: 'check-failed' },
    ]);
    expect(decision.effects[0]).toMatchObject({
      kind: 'setRoute',
      route: { routing: { kind: 'weight', weightPercent: 0 }, tombstone: true },
    });
    expect(judging({ ...decision.state, inForceSinceMs: 1 })).toBeNull();
  });

  test('needs nothing that can be read, and no answer of a hook (R40, N5)', () => {
    const world = deciding({ plan: { hooks: [hook('rollout'), hook('rollback')] } });
    const blind = { ...world.observation, stable: null, canary: null, route: null };
    world.tick();
    world.act('rollback');
    const decision = decide({
      identity: world.identity,
      plan: world.plan,
      state: world.state,
      observation: blind,
      nowMs: world.nowMs,
    });
    expect(decision.effects[0]).toMatchObject({ kind: 'setRoute', route: { tombstone: true } });
  });

  test('is over for users when weight 0 is proven, not when it is written (R41)', () => {
    const world = deciding();
    world.applies = false;
    for (let count = 0; count < 10; count += 1) world.tick();
    expect(world.state).toMatchObject({
      name: 'RollingBack',
      phase: 'shift',
      restoredAtMs: null,
      owner: 'data plane',
    });
    expect(world.observation.canary?.replicas).toBeGreaterThan(0);
    world.applies = true;
    world.tick();
    world.tick();
    expect(world.state.restoredAtMs).toBe(world.nowMs - 10_000);
  });

  test('keeps the canary until its requests have ended, then asks streams to close, then scales down (R43, N3)', () => {
    const world = deciding();
    const { canary } = world.observation;
    world.observation = { ...world.observation, canary: canary && { ...canary, inFlight: 3 } };
    world.untilEnd();
    expect(world.transitions.slice(-5).map((transition) => transition.message)).toMatchInlineSnapshot(`
      [
        "3 evaluations failed",
        "requests in flight on the canary end by themselves",
        "long streams on the canary are asked to close",
        "the canary is scaled down",
        "3 evaluations failed",
      ]
    `);
    expect(world.effects.some((effect) => effect.kind === 'closeStreams')).toBe(true);
  });

  test('drains for its whole limit where the data plane cannot count (R43)', () => {
    const world = deciding();
    const { canary } = world.observation;
    world.observation = { ...world.observation, canary: canary && { ...canary, inFlight: null } };
    const restored = world.until((state) => state.phase === 'drain').restoredAtMs ?? 0;
    world.until((state) => state.phase === 'closeStreams');
    expect(world.state.sinceMs - restored).toBeGreaterThanOrEqual(world.plan.drainMs);
  });

  test('keeps its cause to the end (R44)', () => {
    const end = deciding().untilEnd();
    expect(end).toMatchObject({ name: 'RolledBack', reason: 'check-failed', endsAs: 'RolledBack' });
    expect(end.restoredAtMs).not.toBeNull();
    expect(end.detectedAtMs).not.toBeNull();
  });

  test('after the decision the weight may only fall, whoever asks (N4)', () => {
    const world = deciding();
    world.applies = false;
    const from = world.effects.length;
    world.tick();
    world.verdictKind = 'pass';
    for (const kind of ['promote', 'advance', 'resume', 'approve', 'retry', 'rollback'] as const)
      world.act(kind);
    const decision = world.tick();
    expect(decision.actions.map((outcome) => outcome.accepted)).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(decision.state.name).toBe('RollingBack');
    expect(
      world.effects.slice(from).some((effect) => effect.kind === 'setRoute' && !effect.route.tombstone),
    ).toBe(false);
  });

  test('where nothing was touched it ends at once and leaves the route alone (R45)', () => {
    const world = new World({ plan: { hooks: [hook('confirm-rollout')] } });
    world.tick();
    world.act('rollback');
    const decision = world.tick();
    expect(decision.state.name).toBe('Aborted');
    expect(decision.effects.some((effect) => effect.kind === 'setRoute')).toBe(false);
  });

  test('is read from the tombstone when the crash came before the write of the state (R46)', () => {
    const world = new World();
    world.until((state) => state.name === 'Holding' && state.step === 1);
    const { route } = world.observation;
    world.observation = {
      ...world.observation,
      route: route && { ...route, routing: { kind: 'weight', weightPercent: 0 }, tombstone: 'u1' },
    };
    expect(world.tick().state).toMatchObject({ name: 'RollingBack', reason: 'tombstone' });
    expect(world.untilEnd().name).toBe('RolledBack');
  });

  test('a tombstone of another run means nothing (R46)', () => {
    const world = new World();
    world.until((state) => state.name === 'Holding' && state.step === 1);
    const { route } = world.observation;
    world.observation = { ...world.observation, route: route && { ...route, tombstone: 'u0' } };
    expect(world.tick().state.name).toBe('Holding');
  });

  test('waits only for a stable that serves nobody, and raises it meanwhile (R47)', () => {
    const world = deciding();
    world.observation = { ...world.observation, stable: arm('old', 2, { ready: 0, available: 0, floor: 4 }) };
    world.starts = false;
    const decision = world.tick();
    expect(decision.state).toMatchObject({ name: 'RollingBack', owner: 'workload' });
    expect(decision.effects.map((effect) => effect.kind)).toEqual(['setArm']);
    world.observation = { ...world.observation, stable: null, route: null };
    expect(world.tick().effects.some((effect) => effect.kind === 'setRoute')).toBe(false);
    world.observation = { ...world.observation, stable: arm('old', 4, { ready: 1, available: 1, floor: 4 }) };
    expect(world.tick().effects[0]).toMatchObject({ kind: 'setRoute', route: { tombstone: true } });
  });

  test('half-way through a rolling promotion it sets the template back too (R42)', () => {
    const world = new World({ plan: { promotion: 'rolling' } });
    world.until((state) => state.name === 'Holding' && state.step === 2);
    world.until((state) => state.name === 'Stepping' || state.name === 'Holding');
    world.act('promote');
    world.starts = false;
    world.tick();
    expect(world.state).toMatchObject({ name: 'Promoting', phase: 'roll' });
    world.verdictKind = 'fail';
    const decision = world.tick();
    expect(decision.effects.slice(0, 2)).toMatchObject([
      { kind: 'setRoute', route: { tombstone: true } },
      { kind: 'setArm', arm: 'stable', revision: 'old' },
    ]);
    world.starts = true;
    world.observation = { ...world.observation, stable: arm('old', 4, { floor: 4 }) };
    expect(world.untilEnd()).toMatchObject({ name: 'RolledBack', reason: 'check-failed' });
  });
});
