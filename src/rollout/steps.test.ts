import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { hook, identity, step, verdict } from './testing/fixtures.ts';
import { World } from './testing/world.ts';

function atStep(index: number, plan: ConstructorParameters<typeof World>[0] = {}): World {
  const world = new World(plan);
  world.until((state) => state.name === 'Holding' && state.step === index);
  return world;
}

describe('a step', () => {
  test('the canary has its replicas before the weight is written (R20, N2)', () => {
    const world = atStep(0, { plan: { replicas: 20 } });
    world.starts = false;
    world.until((state) => state.name === 'Stepping' && state.step === 1);
    for (let count = 0; count < 3; count += 1) world.tick();
    expect(world.state).toMatchObject({
      phase: 'scale',
      canary: { replicas: 5 },
      route: { routing: { weightPercent: 10 } },
    });
  });

  test('a rise that was decided is not written onto a canary that lost replicas since (R20, N2)', () => {
    const world = atStep(0, { plan: { replicas: 20 } });
    world.applies = false;
    world.until((state) => state.route.routing.kind === 'weight' && state.route.routing.weightPercent === 25);
    const { canary } = world.observation;
    const routes = (available: number): number => {
      const observed = { ...world.observation, canary: canary && { ...canary, ready: available, available } };
      const { identity: of, plan, state, nowMs } = world;
      const { effects } = decide({ identity: of, plan, state, nowMs, observation: observed });
      return effects.filter(({ kind }) => kind === 'setRoute').length;
    };
    expect([routes(5), routes(1)]).toEqual([1, 0]);
  });

  test('the old weight is judged on while the canary is scaled, and can still roll back (R21)', () => {
    const world = atStep(0, { plan: { replicas: 20 } });
    world.starts = false;
    world.until((state) => state.name === 'Stepping' && state.step === 1);
    world.verdictKind = 'fail';
    world.tick();
    expect(world.state).toMatchObject({ name: 'RollingBack', reason: 'check-failed' });
  });

  test.each(['Stepping', 'Promoting'] as const)(
    '%s: scaling has the progress deadline, anew with each replica (R20)',
    (name) => {
      const world = atStep(0, {
        plan: { replicas: 20, steps: name === 'Stepping' ? [step(10), step(50)] : [step(10)] },
      });
      world.starts = false;
      world.until((state) => state.name === name);
      const { canary } = world.observation;
      world.observation = { ...world.observation, canary: canary && { ...canary, ready: 3, available: 3 } };
      world.tick();
      expect(world.state).toMatchObject({
        progress: 3,
        deadlineMs: world.nowMs - 10_000 + world.plan.progressDeadlineMs,
      });
      world.until((state) => state.name === 'RollingBack');
      expect(world.state.reason).toBe('deadline-exceeded');
    },
  );

  test('a verdict of an earlier attempt counts for nothing (R21, N1)', () => {
    const world = atStep(1);
    const input = { identity, plan: world.plan, state: world.state, nowMs: world.nowMs };
    const late = {
      ...world.observation,
      verdict: verdict({ kind: 'fail' }),
      verdictAttempt: world.state.attempt - 1,
    };
    expect(decide({ ...input, observation: late }).state.name).toBe('Holding');
    const pass = { ...late, verdict: verdict({ judgedMs: 1e9 }) };
    expect(decide({ ...input, observation: pass }).state).toMatchObject({ name: 'Holding', step: 1 });
  });

  test('what is not proven never advances, and says so (R22)', () => {
    const world = atStep(0);
    world.applies = false;
    world.until((state) => state.name === 'Stepping' && state.phase === 'shift');
    for (let count = 0; count < 500; count += 1) world.tick();
    expect(world.state).toMatchObject({
      name: 'Stepping',
      step: 1,
      reason: 'weight-not-verified',
      owner: 'data plane',
    });
    world.applies = true;
    expect(world.untilEnd().name).toBe('Promoted');
  });

  test('the clock starts when the weight is in force and lasts its judged time (R23, R30)', () => {
    const world = atStep(0);
    const from = world.state.inForceSinceMs ?? 0;
    world.until((state) => state.step === 1);
    expect(world.nowMs - 10_000 - from).toBeGreaterThanOrEqual(60_000);
    expect(world.state.clearance).toMatchObject({ step: 0, attempt: 1, kind: 'pass' });
  });

  test.each([
    ['suspect', 'suspect'],
    ['noData', 'no-data'],
    ['providerError', 'provider-error'],
    ['notEnoughData', 'not-enough-data'],
  ] as const)('%s never passes (R30, N6)', (kind, reason) => {
    const world = atStep(1);
    world.verdictKind = kind;
    for (let count = 0; count < 100; count += 1) world.tick();
    expect(world.state).toMatchObject({ name: 'Holding', step: 1, reason });
  });

  test('requests and passes that a step needs hold it (R30)', () => {
    const world = atStep(0, { plan: { steps: [step(10, { minRequests: 1_001 })] } });
    for (let count = 0; count < 50; count += 1) world.tick();
    expect(world.state.reason).toBe('not-enough-data');
    const passes = atStep(0, { plan: { steps: [step(10, { minPasses: 2 })] } });
    for (let count = 0; count < 50; count += 1) passes.tick();
    expect(passes.state.reason).toBe('holding');
  });

  test('lost stable replicas hold it and do not roll it back (R31)', () => {
    const world = atStep(1);
    const { stable } = world.observation;
    world.observation = { ...world.observation, stable: stable && { ...stable, ready: 1, available: 1 } };
    for (let count = 0; count < 100; count += 1) world.tick();
    expect(world.state).toMatchObject({ name: 'Holding', reason: 'stable-not-ready' });
  });
});

describe('without a verdict in the longest time (R32)', () => {
  const plan = (onInconclusive: 'hold' | 'rollback' | 'advance') => ({
    plan: { onInconclusive, steps: [step(10, { maxMs: 120_000 })], bakeMs: 0 },
  });

  test('hold waits for a person', () => {
    const world = atStep(0, plan('hold'));
    world.verdictKind = 'noData';
    for (let count = 0; count < 50; count += 1) world.tick();
    expect(world.state).toMatchObject({ name: 'Holding', reason: 'inconclusive', owner: 'person' });
  });

  test('rollback goes back', () => {
    const world = atStep(0, plan('rollback'));
    world.verdictKind = 'noData';
    expect(world.untilEnd()).toMatchObject({ name: 'RolledBack', reason: 'inconclusive' });
  });

  test('advance goes on and is written down as without a pass', () => {
    const world = atStep(0, plan('advance'));
    world.verdictKind = 'noData';
    expect(world.untilEnd().skipped).toEqual(['step 1: without a pass']);
    expect(world.state.clearance?.kind).toBe('inconclusive');
  });

  test('a suspect is never advanced', () => {
    const world = atStep(0, plan('advance'));
    world.verdictKind = 'suspect';
    for (let count = 0; count < 100; count += 1) world.tick();
    expect(world.state).toMatchObject({ name: 'Holding', reason: 'suspect' });
  });
});

describe('the canary under traffic (R33)', () => {
  function lose(world: World, patch: object): void {
    const { canary } = world.observation;
    world.observation = { ...world.observation, canary: canary && { ...canary, ...patch } };
  }

  test('a crash loop rolls back at once', () => {
    const world = atStep(1);
    lose(world, { failure: 'exit code 1, five times' });
    world.tick();
    expect(world.state).toMatchObject({ name: 'RollingBack', reason: 'workload-failed' });
  });

  test('no ready replica is borne as long as a probe may flap', () => {
    const world = atStep(1);
    lose(world, { ready: 0, available: 0 });
    world.tick(5_000);
    expect(world.state).toMatchObject({ name: 'Holding', reason: 'canary-not-ready' });
    world.tick(5_000);
    world.tick(5_000);
    expect(world.state).toMatchObject({ name: 'RollingBack', reason: 'workload-failed' });
  });

  test('too few replicas hold it, and roll it back at the progress deadline', () => {
    const world = atStep(2);
    lose(world, { ready: 1, available: 1 });
    world.tick();
    expect(world.state.reason).toBe('canary-not-ready');
    world.until((state) => state.name === 'RollingBack');
    expect(world.state.reason).toBe('deadline-exceeded');
  });
});

test('a rollback hook is polled each interval and its pass rolls back; refusals do nothing (R36)', () => {
  const world = atStep(0, { plan: { hooks: [hook('rollback')] } });
  world.answers = { rollback: 'refused' };
  const callsBefore = world.effects.length;
  for (let count = 0; count < 5; count += 1) world.tick();
  const ids = world.effects
    .slice(callsBefore)
    .flatMap((effect) => (effect.kind === 'callHook' ? [effect.id] : []));
  expect(new Set(ids).size).toBeGreaterThan(2);
  world.answers = { rollback: 'passed' };
  expect(world.untilEnd()).toMatchObject({ name: 'RolledBack', reason: 'hook-rollback' });
});

test('rollout hooks are called once an interval, in order, the next only after a pass (R36)', () => {
  const world = atStep(0, {
    plan: {
      steps: [step(10, { holdMs: 300_000 })],
      hooks: [hook('rollout', { name: 'load' }), hook('rollout', { name: 'accept' })],
    },
  });
  const from = world.effects.length;
  for (let count = 0; count < 30; count += 1) world.tick(1_000);
  const silent = world.effects
    .slice(from)
    .flatMap((effect) => (effect.kind === 'callHook' ? [effect.id] : []));
  expect(new Set(silent)).toEqual(new Set(['u1/0/1/hook/load/1']));
  world.answers = { load: 'passed', accept: 'failed' };
  const asked = world.effects.length;
  for (let count = 0; count < 25; count += 1) world.tick(1_000);
  const ids = world.effects.slice(asked).flatMap((effect) => (effect.kind === 'callHook' ? [effect.id] : []));
  expect([...new Set(ids)].slice(0, 6)).toEqual([
    'u1/0/1/hook/load/1',
    'u1/0/1/hook/accept/1',
    'u1/0/1/hook/load/2',
    'u1/0/1/hook/accept/2',
    'u1/0/1/hook/load/3',
    'u1/0/1/hook/accept/3',
  ]);
});

test('a rollout hook that fails ends its round (R36)', () => {
  const hooks = [hook('rollout', { name: 'load' }), hook('rollout', { name: 'accept' })];
  const world = atStep(0, { plan: { hooks } });
  world.answers = { load: 'failed', accept: 'passed' };
  const from = world.effects.length;
  for (let count = 0; count < 5; count += 1) world.tick();
  const ids = world.effects.slice(from).flatMap((effect) => (effect.kind === 'callHook' ? [effect.id] : []));
  expect(ids.some((id) => id.includes('accept'))).toBe(false);
});
