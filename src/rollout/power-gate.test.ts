import { describe, expect, test } from 'vitest';
import type { VerdictEvidence } from '../analysis/judge.ts';
import { forecastFor } from './power-gate.ts';
import { identity, observation, plan, step } from './testing/fixtures.ts';
import { World } from './testing/world.ts';

type Options = NonNullable<ConstructorParameters<typeof World>[0]>;

function holding(options: Options): World {
  const world = new World(options);
  world.until((state) => state.name === 'Holding');
  return world;
}

function ticks(world: World, count: number): void {
  for (let index = 0; index < count; index += 1) world.tick();
}

describe('the forecast (R37)', () => {
  const waits = (requestsPerSecond: number | null, waitsForForecast = true): Options => ({
    plan: { steps: [step(10, { holdMs: 60_000 })], waitsForForecast },
    observation: { requestsPerSecond },
  });

  test.each([
    ['80 % of a large one', 1_000, 4_800],
    ['a small one less three deviations', 1, 0],
    ['in between', 10, 36],
    ['nothing is known', null, 0],
    ['no traffic', 0, 0],
  ])('%s', (_, requestsPerSecond, expected) => {
    const { plan: patch } = waits(requestsPerSecond);
    const context = {
      identity,
      plan: plan(patch),
      observation: observation({ requestsPerSecond }),
      nowMs: 0,
    };
    expect(forecastFor(context, context.plan.steps[0])).toBe(expected);
  });

  test('a step that was served less waits, and says for how many', () => {
    const world = holding(waits(200));
    world.verdictPatch = { requestsInStep: 900 };
    ticks(world, 30);
    expect(world.state).toMatchObject({
      name: 'Holding',
      reason: 'not-enough-data',
      message: 'the step was forecast to serve about 960 canary requests',
    });
    world.verdictPatch = { requestsInStep: 960 };
    ticks(world, 2);
    expect(world.state.name).not.toBe('Holding');
  });

  test('it is taken when the step begins, whatever the traffic does later', () => {
    const world = holding(waits(200));
    world.observation = { ...world.observation, requestsPerSecond: 10_000 };
    world.verdictPatch = { requestsInStep: 960 };
    ticks(world, 10);
    expect(world.state.name).not.toBe('Holding');
  });

  test('never where the plan does not wait for it', () => {
    const world = holding(waits(1_000_000, false));
    ticks(world, 10);
    expect(world.state.name).not.toBe('Holding');
  });

  test('past the longest time a person decides, and is told once', () => {
    const options = waits(200);
    const world = holding({ ...options, plan: { ...options.plan, steps: [step(10, { maxMs: 120_000 })] } });
    world.verdictPatch = { requestsInStep: 10 };
    ticks(world, 40);
    expect(world.state).toMatchObject({ reason: 'inconclusive', owner: 'person' });
    const told = world.effects.filter(({ kind }) => kind === 'notify');
    expect(told).toMatchObject([{ severity: 'warn', id: `${identity.uid}/notify/inconclusive/1` }]);
  });
});

describe('a suspect (R38)', () => {
  const evidence: VerdictEvidence = {
    logEvidence: 3,
    peakLogEvidence: 3,
    logLevel: 4.6,
    logSuspect: 2.3,
    environment: false,
    blame: [],
    onsetAtMs: null,
    detector: null,
    placebos: null,
  };

  test('of the environment is for a person, who is told once in each step', () => {
    const world = holding({});
    world.verdictKind = 'suspect';
    world.verdictPatch = { evidence: { ...evidence, environment: true } };
    ticks(world, 60);
    expect(world.state).toMatchObject({ name: 'Holding', reason: 'environment', owner: 'person' });
    const told = world.effects.filter(({ kind }) => kind === 'notify');
    expect(told).toMatchObject([{ severity: 'error' }]);
    world.verdictKind = 'pass';
    world.verdictPatch = {};
    world.until((state) => state.step === 1);
  });

  test('holds a bake, and is seen before it is over', () => {
    const world = new World({});
    world.until((state) => state.name === 'Baking');
    world.verdictKind = 'suspect';
    world.verdictPatch = { evidence };
    ticks(world, 2);
    expect(world.state).toMatchObject({ name: 'Baking', reason: 'suspect' });
    ticks(world, 100);
    expect(world.state).toMatchObject({ name: 'Baking', reason: 'suspect' });
  });

  test('that fails in the end: the onset is where the evidence begins', () => {
    const world = holding({});
    world.verdictPatch = { firstFailureAtMs: 5, evidence };
    ticks(world, 2);
    world.verdictKind = 'fail';
    world.verdictPatch = { firstFailureAtMs: 5, evidence: { ...evidence, onsetAtMs: 70_000 } };
    ticks(world, 1);
    expect(world.state).toMatchObject({ decidedAtMs: world.state.detectedAtMs, onsetAtMs: 70_000 });
  });
});
