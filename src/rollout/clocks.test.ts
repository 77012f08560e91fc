import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { freshDeadline } from './deadlines.ts';
import type { Phase, StateName } from './state.ts';
import { hook, identity, observation, plan, step } from './testing/fixtures.ts';
import { World } from './testing/world.ts';

describe('clocks', () => {
  test('an outage of Sluice expires no deadline (R60)', () => {
    const world = new World();
    world.starts = false;
    world.until((state) => state.name === 'Starting' && state.phase === 'scale');
    const before = world.state.deadlineMs ?? 0;
    world.nowMs += 3_600_000;
    world.tick();
    expect(world.state.name).toBe('Starting');
    expect((world.state.deadlineMs ?? 0) - before).toBeGreaterThanOrEqual(3_600_000);
    expect(world.untilEnd()).toMatchObject({ name: 'RolledBack', reason: 'deadline-exceeded' });
  });

  test('nor does a platform that cannot be read (R60)', () => {
    const world = new World();
    world.starts = false;
    world.until((state) => state.name === 'Starting' && state.phase === 'scale');
    const { canary } = world.observation;
    world.observation = { ...world.observation, canary: null };
    for (let count = 0; count < 200; count += 1) world.tick();
    world.observation = { ...world.observation, canary };
    world.tick();
    expect(world.state).toMatchObject({ name: 'Starting', phase: 'scale' });
  });

  test('a gate is not blamed for an outage either (R60, R35)', () => {
    const world = new World({ plan: { hooks: [hook('confirm-rollout', { deadlineMs: 60_000 })] } });
    world.tick();
    world.nowMs += 3_600_000;
    world.tick();
    expect(world.state.name).toBe('Pending');
  });

  test('a quiet run is written every 30 s and not at every look (R61)', () => {
    const world = new World({ plan: { steps: [step(10, { holdMs: 600_000 })] } });
    world.until((state) => state.name === 'Holding');
    world.tick(1_000);
    let writes = 0;
    for (let count = 0; count < 120; count += 1) {
      const before = world.state;
      if (world.tick(1_000).state !== before) writes += 1;
    }
    expect(writes).toBeLessThanOrEqual(5);
    expect(world.state.heldMs).toBeGreaterThan(80_000);
  });

  test('the next look is never later than what time alone can change (R62)', () => {
    const world = new World();
    world.starts = false;
    world.until((state) => state.name === 'Starting' && state.phase === 'scale');
    const near = (world.state.deadlineMs ?? 0) - 3_000;
    const state = { ...world.state, lastSeenAtMs: near };
    const decision = decide({
      identity: world.identity,
      plan: world.plan,
      state,
      observation: world.observation,
      nowMs: near,
    });
    expect(decision.wakeAtMs).toBe(near + 3_000);
  });

  test('a pause stops the hold, not the judging (R63)', () => {
    const world = new World({ plan: { steps: [step(10, { holdMs: 100_000 }), step(50)] } });
    world.until((state) => state.name === 'Holding');
    for (let count = 0; count < 4; count += 1) world.tick();
    world.act('pause');
    for (let count = 0; count < 50; count += 1) world.tick();
    const { heldMs } = world.state;
    expect(world.state.name).toBe('Paused');
    world.act('resume');
    world.tick();
    const from = world.nowMs;
    world.until((state) => state.step === 1);
    expect(world.nowMs - from).toBeGreaterThanOrEqual(100_000 - heldMs - 20_000);
    expect(world.state.clearance?.kind).toBe('pass');
  });

  test('a slow run is said once and nothing else (R92)', () => {
    const world = new World({ plan: { slowAfterMs: 60_000 } });
    world.untilEnd();
    expect(
      world.effects.filter((effect) => effect.kind === 'notify' && effect.id === 'u1/notify/slow'),
    ).toHaveLength(1);
  });

  test('whoever goes on after a pause gets the whole time again (R63)', () => {
    const times = (name: StateName, phase: Phase): number | null => {
      const state = { ...new World().state, step: 0, phase };
      const context = {
        identity,
        plan: plan({ steps: [step(10, { maxMs: 700_000 })] }),
        observation: observation(),
        nowMs: 0,
      };
      return freshDeadline(context, state, name);
    };
    expect([times('Pending', 'none'), times('Baking', 'none'), times('Holding', 'none')]).toEqual([
      null,
      null,
      700_000,
    ]);
    expect([times('Stepping', 'scale'), times('Stepping', 'shift'), times('Draining', 'shiftBack')]).toEqual([
      600_000, 10_000, 10_000,
    ]);
    expect([times('Draining', 'drain'), times('Draining', 'closeStreams')]).toEqual([20_000, 5_000]);
  });

  test('an end does not move, however late it is looked at (R61)', () => {
    const world = new World();
    const ended = world.untilEnd();
    world.nowMs += 3_600_000;
    expect(world.tick().state).toBe(ended);
  });
});
