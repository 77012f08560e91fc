import { describe, expect, test } from 'vitest';
import { World } from './testing/world.ts';
import { arm, hook, identity, step } from './testing/fixtures.ts';

function holding(options: ConstructorParameters<typeof World>[0] = {}): World {
  const world = new World(options);
  world.until((state) => state.name === 'Holding' && state.step === 1);
  return world;
}

describe('actions', () => {
  test('each is answered once, a rollback before all others (R80)', () => {
    const world = holding();
    world.act('promote');
    world.act('rollback');
    const decision = world.tick();
    expect(decision.actions.map(({ kind, accepted }) => [kind, accepted])).toEqual([
      ['rollback', true],
      ['promote', false],
    ]);
    expect(world.tick().actions).toEqual([]);
    expect(world.untilEnd()).toMatchObject({
      name: 'Aborted',
      reason: 'rollback-by-person',
      decidedBy: { name: 'ann' },
    });
  });

  test.each([
    ['approve', 'nothing waits for an approval'],
    ['reject', 'nothing waits for an approval'],
    ['resume', 'it is not paused'],
    ['retry', 'it still runs'],
  ] as const)('%s that means nothing is refused with the reason (R80)', (kind, message) => {
    const world = holding();
    world.act(kind);
    expect(world.tick().actions).toMatchObject([{ kind, accepted: false, message }]);
    expect(world.state.name).toBe('Holding');
  });

  test('after the end, retry and rollback are left to the engine (R80)', () => {
    const world = new World();
    world.untilEnd();
    world.act('retry');
    world.act('rollback');
    world.act('pause');
    expect(world.tick().actions).toMatchObject([{ kind: 'pause', accepted: false }]);
  });

  test('promote skips what is left and writes down what that is (R81)', () => {
    const checks = [
      {
        name: 'errors',
        measure: { kind: 'errorShare' as const },
        limit: { max: 1 },
        shownUnit: '%',
        shownScale: 1,
        windowMs: 1,
        minRequests: 1,
      },
    ];
    const world = holding({
      plan: {
        judging: {
          judge: 'threshold',
          intervalMs: 10_000,
          failureThreshold: 3,
          failAt: 'atOnce',
          onNoData: 'wait',
          checks,
        },
      },
    });
    world.act('promote');
    expect(world.untilEnd()).toMatchObject({
      name: 'Promoted',
      weightsInForce: [10, 25, 100],
      skipped: ['step 2, by ann', 'step 3, by ann', 'check errors, by ann'],
      clearance: { kind: 'promote', actor: { name: 'ann' } },
    });
  });

  test('promote from the start still waits for the canary (R81, N2)', () => {
    const world = new World({ plan: { hooks: [hook('confirm-rollout')] } });
    world.starts = false;
    world.act('promote');
    for (let count = 0; count < 5; count += 1) world.tick();
    expect(world.state).toMatchObject({
      name: 'Starting',
      phase: 'scale',
      route: { routing: { weightPercent: 0 } },
    });
    world.starts = true;
    world.observation = { ...world.observation, canary: null };
    world.observation = {
      ...world.observation,
      canary: {
        revision: 'new',
        replicas: 4,
        ready: 4,
        available: 4,
        readyOfOtherRevisions: 0,
        inFlight: 0,
        restarts: 0,
        failure: null,
        floor: 0,
      },
    };
    expect(world.untilEnd()).toMatchObject({ name: 'Promoted', weightsInForce: [100] });
  });

  test('advance ends the hold or the bake, and a failing verdict beats it (R81)', () => {
    const world = holding();
    world.act('advance');
    world.tick();
    expect(world.state).toMatchObject({ step: 2, clearance: { kind: 'advance' } });
    world.until((state) => state.name === 'Baking');
    world.act('advance');
    expect(world.tick().state.name).toBe('Draining');
    const failing = holding();
    failing.verdictKind = 'fail';
    failing.act('advance');
    expect(failing.tick().state.name).toBe('RollingBack');
  });

  test('an approval counts for the wait it was given in, not for one before or after (R82, N11)', () => {
    const world = new World({
      plan: { steps: [step(10, { approval: true }), step(50, { approval: true })] },
    });
    world.until((state) => state.name === 'AwaitingApproval');
    world.act('approve', { atMs: world.state.sinceMs - 5_000 });
    expect(world.tick().actions).toMatchObject([
      { accepted: false, message: 'it was given before this was asked' },
    ]);
    world.act('approve');
    world.until((state) => state.name === 'AwaitingApproval' && state.step === 0);
    for (let count = 0; count < 20; count += 1) world.tick();
    expect(world.state.name).toBe('AwaitingApproval');
  });

  test('a person may open a webhook gate, and that is written down (R82)', () => {
    const world = new World({ plan: { hooks: [hook('confirm-promotion')] } });
    world.answers = { 'confirm-promotion': 'refused' };
    world.until((state) => state.name === 'AwaitingApproval');
    world.act('approve');
    expect(world.untilEnd().skipped).toEqual(['confirm-promotion: opened by ann']);
  });

  test('reject calls it off (R82)', () => {
    const world = new World({ plan: { approvalBeforePromotion: true } });
    world.until((state) => state.name === 'AwaitingApproval');
    world.act('reject', { reason: 'not on a Friday' });
    expect(world.untilEnd()).toMatchObject({
      name: 'Aborted',
      reason: 'rejected-by-person',
      message: 'ann rejected it: not on a Friday',
    });
  });

  test('promote in the bake skips the rest of it (R81)', () => {
    const world = new World();
    world.until((state) => state.name === 'Baking');
    world.act('promote');
    world.tick();
    expect(world.state).toMatchObject({ name: 'Draining', skipped: ['rest of the bake, by ann'] });
    expect(world.state.clearance?.kind).toBe('pass');
  });

  test('a pause is refused where there is nothing to pause, or it is (R80)', () => {
    const first = new World({
      identity: { ...identity, stableRevision: null },
      observation: { stable: arm(null, 0) },
    });
    first.starts = false;
    first.act('pause');
    expect(first.tick().actions).toMatchObject([
      { accepted: false, message: 'the first revision of a service has nothing to pause' },
    ]);
    const world = holding();
    world.act('pause');
    world.tick();
    world.act('pause');
    expect(world.tick().actions).toMatchObject([{ accepted: false, message: 'it is paused already' }]);
  });

  test('a person who resumes goes on with the same attempt (R80)', () => {
    const world = holding();
    const { attempt } = world.state;
    world.act('pause');
    world.tick();
    world.act('resume');
    expect(world.tick().state).toMatchObject({ name: 'Holding', attempt });
  });
});
