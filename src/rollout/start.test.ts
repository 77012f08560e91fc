import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { arm, hook, identity, observation, plan, step } from './testing/fixtures.ts';
import { World } from './testing/world.ts';

const firstIdentity = { ...identity, stableRevision: null };

describe('before the first step', () => {
  test('nothing is touched until confirm-rollout passes (R10)', () => {
    const world = new World({
      plan: { hooks: [hook('confirm-rollout')] },
      observation: { stable: arm('old', 3) },
    });
    world.answers = { 'confirm-rollout': 'refused' };
    world.until((state) => state.name === 'AwaitingApproval');
    for (let count = 0; count < 5; count += 1) world.tick();
    expect(new Set(world.effects.map((effect) => effect.kind))).toEqual(new Set(['callHook', 'notify']));
    world.answers = { 'confirm-rollout': 'passed' };
    expect(world.untilEnd().name).toBe('Promoted');
    expect(world.story().slice(0, 3)).toEqual([
      'AwaitingApproval confirm-rollout',
      'Pending new-revision',
      'Starting waiting-for-stable',
    ]);
  });

  test('a first revision calls no hook, and the one that may roll back neither (R14)', () => {
    const hooks = [hook('rollback'), hook('confirm-rollout'), hook('pre-rollout')];
    const world = new World({
      identity: firstIdentity,
      plan: { hooks },
      observation: { stable: arm(null, 0) },
    });
    world.answers = { rollback: 'passed' };
    world.starts = false;
    for (let count = 0; count < 5; count += 1) world.tick();
    expect(world.effects.some((effect) => effect.kind === 'callHook')).toBe(false);
    expect(world.state.name).toBe('Starting');
  });

  test('stable gets its floor and is ready before a canary is made (R11)', () => {
    const world = new World({ observation: { stable: arm('old', 4, { available: 2 }) } });
    for (let count = 0; count < 5; count += 1) world.tick();
    expect(world.state.reason).toBe('waiting-for-stable');
    expect(world.effects.map((effect) => effect.kind)).toEqual(['setFloor']);
  });

  test('a stable that never gets ready ends it as Failed, with no canary made (R11)', () => {
    const world = new World({ observation: { stable: arm('old', 4, { available: 2 }) } });
    expect(world.untilEnd()).toMatchObject({ name: 'Failed', reason: 'stable-not-ready' });
    expect(world.effects.some((effect) => effect.kind === 'setArm')).toBe(false);
  });

  test('what an earlier run left serving stays until stable can carry it, then drains (R12)', () => {
    const world = new World({
      observation: {
        stable: arm('old', 4, { available: 0, ready: 0 }),
        canary: arm('earlier', 4, { inFlight: 7 }),
        route: {
          routing: { kind: 'weight', weightPercent: 100 },
          tombstone: null,
          inForce: true,
          evidence: 'programmed',
          foreignWriter: null,
        },
      },
    });
    world.tick();
    world.tick();
    expect(world.effects.some((effect) => effect.kind === 'setRoute' || effect.kind === 'setArm')).toBe(
      false,
    );
    world.observation = { ...world.observation, stable: arm('old', 4, { floor: 4 }) };
    world.until((state) => state.phase === 'drain');
    expect(world.observation.route?.routing).toEqual({ kind: 'weight', weightPercent: 0 });
    expect(world.observation.canary?.revision).toBe('earlier');
    world.until((state) => state.phase === 'scale');
    world.tick();
    expect(world.observation.canary?.revision).toBe('new');
  });

  test('failed pre-rollout calls count as failed checks (R13)', () => {
    const world = new World({ plan: { hooks: [hook('pre-rollout')] } });
    world.answers = { 'pre-rollout': 'failed' };
    expect(world.untilEnd()).toMatchObject({ name: 'RolledBack', reason: 'hook-failed' });
    expect(world.state.hooks).toMatchObject([{ name: 'pre-rollout', failures: 3 }]);
    expect(world.state.weightsInForce).toEqual([]);
  });

  test('in Flagger order the failure that reaches the threshold counts at the next tick (R13)', () => {
    const judging = { ...plan().judging, failAt: 'nextTick' as const };
    const world = new World({ plan: { hooks: [hook('pre-rollout')], judging } });
    world.answers = { 'pre-rollout': 'failed' };
    const atOnce = new World({ plan: { hooks: [hook('pre-rollout')] } });
    atOnce.answers = { 'pre-rollout': 'failed' };
    const decidedAt = (of: World): number | null =>
      of.until((state) => state.decidedAtMs !== null).decidedAtMs;
    expect((decidedAt(world) ?? 0) - (decidedAt(atOnce) ?? 0)).toBe(10_000);
  });

  test('a first revision only starts (R14)', () => {
    const world = new World({
      identity: firstIdentity,
      observation: { promotedRevision: null, stable: arm(null, 0) },
    });
    expect(world.untilEnd().name).toBe('Promoted');
    expect(world.story()).toEqual(['Starting first-revision', 'Promoted succeeded']);
  });

  test('a first revision that cannot start fails and is left as it is (R14)', () => {
    const world = new World({
      identity: firstIdentity,
      observation: { promotedRevision: null, stable: arm(null, 0) },
    });
    world.starts = false;
    expect(world.untilEnd()).toMatchObject({ name: 'Failed', reason: 'deadline-exceeded' });
    expect(
      world.effects
        .filter((effect) => effect.kind === 'setArm')
        .every((effect) => effect.kind === 'setArm' && effect.replicas === 4),
    ).toBe(true);
  });

  test('a first revision whose command is missing fails at once, and a slow one is given time while it progresses (R14)', () => {
    const world = new World({ identity: firstIdentity, observation: { stable: arm(null, 0) } });
    world.starts = false;
    world.tick();
    const before = world.state.deadlineMs ?? 0;
    world.observation = { ...world.observation, stable: arm('new', 4, { available: 2, ready: 2, floor: 4 }) };
    world.tick();
    expect(world.state).toMatchObject({ name: 'Starting', progress: 2, deadlineMs: before + 10_000 });
    world.observation = {
      ...world.observation,
      stable: arm('new', 4, { available: 0, ready: 0, failure: 'command not found' }),
    };
    expect(world.tick().state).toMatchObject({ name: 'Failed', reason: 'workload-failed' });
  });

  test('a progressing workload gets its whole deadline again (R11)', () => {
    const state = {
      ...new World().until((known) => known.name === 'Starting' && known.phase === 'scale'),
      deadlineMs: 600_000,
      progress: 0,
      lastSeenAtMs: 500_000,
    };
    const four = { ...state, canary: { revision: 'new', replicas: 4 } };
    const seen = observation({ canary: arm('new', 4, { available: 2, ready: 2 }) });
    const next = decide({ identity, plan: plan(), state: four, observation: seen, nowMs: 500_000 });
    expect(next.state).toMatchObject({ progress: 2, deadlineMs: 1_100_000 });
  });
});

describe('one arm', () => {
  const rolling = { strategy: 'Rolling' as const, steps: [] };

  test('Rolling replaces stable in place and bakes (R15)', () => {
    const world = new World({ plan: rolling });
    expect(world.untilEnd().name).toBe('Promoted');
    expect(world.story()).toEqual([
      'Starting waiting-for-stable',
      'Promoting rolling-stable',
      'Baking baking',
      'Promoted succeeded',
    ]);
    expect(world.effects.some((effect) => effect.kind === 'setArm' && effect.arm === 'canary')).toBe(false);
  });

  test.each(['Rolling', 'Recreate'] as const)('%s is undone by a failing check (R15, R42)', (strategy) => {
    const world = new World({ plan: { ...rolling, strategy } });
    world.until((state) => state.name === 'Baking');
    world.verdictKind = 'fail';
    const decision = world.tick();
    expect(decision.effects.filter((effect) => effect.kind === 'setArm')).toMatchObject([
      { arm: 'stable', revision: 'old', replicas: 4 },
    ]);
    expect(world.untilEnd()).toMatchObject({ name: 'RolledBack', reason: 'check-failed' });
    expect(world.observation.stable?.revision).toBe('old');
  });

  test('Rolling is undone at the progress deadline; users are safe when no new endpoint is left (R15, R42)', () => {
    const world = new World({ plan: rolling });
    world.starts = false;
    world.until((state) => state.name === 'RollingBack');
    expect(world.state.reason).toBe('deadline-exceeded');
    world.observation = {
      ...world.observation,
      stable: arm('old', 4, { available: 3, ready: 3, readyOfOtherRevisions: 1, floor: 4 }),
    };
    world.tick();
    expect(world.state.restoredAtMs).toBeNull();
    world.observation = { ...world.observation, stable: arm('old', 4, { available: 3, ready: 3, floor: 4 }) };
    world.tick();
    expect(world.state).toMatchObject({
      name: 'RollingBack',
      phase: 'restoreTemplate',
      restoredAtMs: world.nowMs - 10_000,
    });
    world.starts = true;
    world.observation = { ...world.observation, stable: arm('old', 4, { floor: 4 }) };
    expect(world.untilEnd().name).toBe('RolledBack');
  });
});

test('skipAnalysis asks confirm-rollout, then promotes, and says what it skipped by (R16)', () => {
  const world = new World({
    plan: { skipAnalysis: true, hooks: [hook('confirm-rollout'), hook('pre-rollout')], steps: [step(10)] },
  });
  world.answers = { 'confirm-rollout': 'passed' };
  expect(world.untilEnd()).toMatchObject({
    name: 'Promoted',
    reason: 'skipped-analysis',
    weightsInForce: [100],
  });
  expect(world.state.clearance?.kind).toBe('skipAnalysis');
  expect(world.effects.filter((effect) => effect.kind === 'callHook')).toHaveLength(1);
});
