import { describe, expect, test } from 'vitest';
import { hook, step } from './testing/fixtures.ts';
import { World } from './testing/world.ts';

function calls(world: World): readonly string[] {
  return [...new Set(world.effects.flatMap((effect) => (effect.kind === 'callHook' ? [effect.id] : [])))];
}

describe('gates', () => {
  test('are asked in Flagger order, before each increase and before the promotion (R34, N11)', () => {
    const hooks = [
      hook('confirm-promotion'),
      hook('confirm-traffic-increase'),
      hook('pre-rollout'),
      hook('confirm-rollout'),
    ];
    const world = new World({ plan: { steps: [step(10), step(50)], hooks } });
    world.answers = Object.fromEntries(hooks.map(({ name }) => [name, 'passed' as const]));
    world.untilEnd();
    expect(calls(world)).toMatchInlineSnapshot(`
      [
        "u1/-1/0/hook/confirm-rollout/1",
        "u1/-1/0/hook/pre-rollout/1",
        "u1/-1/0/hook/confirm-traffic-increase/1",
        "u1/0/1/hook/confirm-traffic-increase/1",
        "u1/1/2/hook/confirm-traffic-increase/1",
        "u1/1/2/hook/confirm-promotion/1",
      ]
    `);
  });

  test('mirrored traffic is raised without confirm-traffic-increase (R34)', () => {
    const world = new World({
      plan: {
        steps: [step(0, { routing: { kind: 'mirror', percent: 100 } }), step(10)],
        hooks: [hook('confirm-traffic-increase')],
      },
    });
    world.answers = { 'confirm-traffic-increase': 'passed' };
    world.untilEnd();
    expect(calls(world)).toEqual(['u1/1/2/hook/confirm-traffic-increase/1']);
  });

  test('a refused gate is asked again each interval, waits in AwaitingApproval, and is still judged (R34)', () => {
    const world = new World({ plan: { hooks: [hook('confirm-promotion')] } });
    world.answers = { 'confirm-promotion': 'refused' };
    world.until((state) => state.name === 'AwaitingApproval');
    for (let count = 0; count < 10; count += 1) world.tick();
    expect(calls(world).length).toBeGreaterThan(4);
    expect(world.state).toMatchObject({ reason: 'confirm-promotion', owner: 'webhook' });
    world.verdictKind = 'fail';
    expect(world.untilEnd()).toMatchObject({ name: 'RolledBack', reason: 'check-failed' });
  });

  test('once open, what held before must hold still (R34)', () => {
    const world = new World({ plan: { steps: [step(10), step(50, { approval: true })] } });
    world.until((state) => state.name === 'AwaitingApproval');
    world.verdictKind = 'suspect';
    world.act('approve');
    world.tick();
    world.tick();
    expect(world.state).toMatchObject({ name: 'Holding', step: 0, reason: 'suspect' });
    world.verdictKind = 'pass';
    world.until((state) => state.step === 1);
  });

  test('an answer given for another step opens nothing (N11)', () => {
    const world = new World({ plan: { hooks: [hook('confirm-traffic-increase')] } });
    world.answers = { 'confirm-traffic-increase': 'passed' };
    world.until((state) => state.step === 1 && state.name === 'Holding');
    world.answers = {};
    for (let count = 0; count < 30; count += 1) world.tick();
    expect(world.observation.hookAnswers.length).toBe(2);
    expect(world.state).toMatchObject({ name: 'Holding', step: 1, reason: 'confirm-traffic-increase' });
  });

  test.each([
    ['rollback', 'RolledBack', []],
    ['advance', 'Promoted', ['confirm-promotion: opened by its deadline']],
  ] as const)('a silent gate does at its deadline what it says: %s (R35)', (onDeadline, end, skipped) => {
    const world = new World({
      plan: { hooks: [hook('confirm-promotion', { deadlineMs: 120_000, onDeadline })] },
    });
    expect(world.untilEnd()).toMatchObject({ name: end, skipped });
  });

  test('promotion waits for a person where the plan says so (R34)', () => {
    const world = new World({ plan: { approvalBeforePromotion: true } });
    world.until((state) => state.name === 'AwaitingApproval');
    expect(world.state).toMatchObject({ reason: 'promotion-approval', owner: 'person', step: 2 });
    world.act('approve');
    expect(world.untilEnd().name).toBe('Promoted');
  });

  test('post-rollout hooks are called once at the end and change nothing (R91)', () => {
    const world = new World({ plan: { hooks: [hook('post-rollout')] } });
    world.answers = { 'post-rollout': 'failed' };
    const end = world.untilEnd();
    expect(world.effects.at(-1)).toBeDefined();
    for (let count = 0; count < 5; count += 1) world.tick();
    expect(calls(world)).toEqual([`u1/${end.step}/${end.attempt}/hook/post-rollout/1`]);
    expect(world.state.name).toBe('Promoted');
  });

  test('a superseded run leaves them to its successor (R91)', () => {
    const world = new World({ plan: { hooks: [hook('post-rollout')] } });
    world.until((state) => state.name === 'Holding');
    world.observation = { ...world.observation, wantedRevision: 'other' };
    expect(world.untilEnd().name).toBe('Superseded');
    world.tick();
    expect(world.state.hooks).toEqual([]);
  });
});
