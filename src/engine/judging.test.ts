import { describe, expect, test } from 'vitest';
import { examplePlan, exampleSnapshot, exampleSpec } from '../../test/fakes/examples.ts';
import { World } from '../../test/fakes/world.ts';
import type { JudgePlan } from '../analysis/judge.ts';
import { replay } from '../analysis/trace/replay.ts';
import type { Plan } from '../rollout/plan.ts';
import type { Engine } from './engine.ts';
import type { Measurement } from './ports.ts';

const ada = { kind: 'person', name: 'ada' } as const;
const key = 'default/shop';
const name = 'shop-v2-1';

function betPlan(judging: Partial<JudgePlan> = {}, plan: Partial<Plan> = {}): Plan {
  return { ...examplePlan, ...plan, judging: { ...examplePlan.judging, judge: 'bet', ...judging } };
}

/** A world in which v1 serves, and v2 fails a share of its requests. */
async function serving(
  plan: Plan,
  errorShare: number,
): Promise<{ readonly world: World; readonly engine: Engine }> {
  const world = new World();
  world.metrics.serving.set('v2', { errorShare });
  const engine = await world.engine();
  await engine.commands.apply([{ spec: exampleSpec(plan), target: exampleSnapshot('v1'), source: [] }], ada);
  await world.clock.runFor(10_000);
  await engine.commands.deploy(key, exampleSnapshot('v2'), ada);
  return { world, engine };
}

/** What the record holds, as blocks again. */
function blocksOf(rows: readonly Measurement[]) {
  const instants = [...new Set(rows.map(({ atMs }) => atMs))];
  return instants.map((atMs) => {
    const at = rows.filter((row) => row.atMs === atMs);
    const arm = (wanted: 'canary' | 'stable') => {
      const row = at.find((one) => one.arm === wanted);
      return row === undefined ? undefined : { requests: row.requests, errors: row.errors };
    };
    const [canary, stable] = [arm('canary'), arm('stable')];
    return {
      atMs,
      durationMs: at[0]?.durationMs ?? 0,
      ...(canary !== undefined && { canary }),
      ...(stable !== undefined && { stable }),
    };
  });
}

describe('a verdict from evidence', () => {
  test('takes a bad revision back, and the record alone leads to the same verdict', async () => {
    const plan = betPlan();
    const { world, engine } = await serving(plan, 0.1);
    await world.clock.runFor(60_000);
    const { rollout } = engine.commands.get(key);
    expect(rollout?.state).toMatchObject({ name: 'RolledBack', reason: 'check-failed' });
    const rows = await world.recorder.measurements(name);
    const again = replay({ blocks: blocksOf(rows), findings: [] }, plan.judging).result;
    expect(again).toMatchObject({
      verdict: 'fail',
      decidedAt: new Date(rollout?.state.detectedAtMs ?? 0).toISOString(),
      logEvidence: rollout?.evidence?.logEvidence,
      checks: JSON.parse(JSON.stringify(rollout?.checks)),
    });
  });

  test('is the same when the engine is killed and started in between', async () => {
    // Slow enough that the evidence is gathered before and after.
    const whole = await serving(betPlan(), 0.018);
    await whole.world.clock.runFor(200_000);
    const wanted = whole.engine.commands.get(key).rollout;
    expect(wanted?.state.name).toBe('RolledBack');
    const parted = await serving(betPlan(), 0.018);
    await parted.world.clock.runFor(12_000);
    expect(parted.engine.commands.get(key).rollout?.evidence).not.toBe(null);
    await parted.engine.stop();
    const second = await parted.world.engine();
    await parted.world.clock.runFor(188_000);
    expect(second.commands.get(key).rollout?.state).toMatchObject({ name: 'RolledBack' });
  });

  test('of a bake is the detector’s', async () => {
    const { world, engine } = await serving(betPlan({}, { bakeMs: 60_000 }), 0);
    await world.clock.runFor(85_000);
    const { rollout } = engine.commands.get(key);
    expect(rollout?.state.name).toBe('Baking');
    expect(rollout?.evidence?.detector).toEqual({ averageRunLengthBlocks: 1_000_000 });
  });
});

describe('a judge that looks on', () => {
  test('reports once what it would have done, and decides nothing', async () => {
    const plan: Plan = {
      ...examplePlan,
      judging: { ...examplePlan.judging, failureThreshold: 1_000, shadow: ['bet'] },
    };
    const { world, engine } = await serving(plan, 0.1);
    await world.clock.runFor(30_000);
    const { rollout } = engine.commands.get(key);
    expect(rollout?.state.decidedAtMs).toBe(null);
    expect(rollout?.shadows).toMatchObject([{ judge: 'bet', kind: 'fail' }]);
    const told = world.store.events.filter(({ id }) => id.includes('/shadow/'));
    expect(told.map(({ message }) => message)).toMatchInlineSnapshot(`
      [
        "bet only looks on; it would have rolled back: error-rate: 10 %, allowed at most 1 %; 3 of 30 failed, stable 0 of 270; a healthy release would look this bad in fewer than 1 of 110 rollouts",
      ]
    `);
  });

  test('goes on over steps and restarts', async () => {
    const plan: Plan = { ...examplePlan, judging: { ...examplePlan.judging, shadow: ['bet'] } };
    const { world, engine } = await serving(plan, 0);
    await world.clock.runFor(30_000);
    await engine.stop();
    const second = await world.engine();
    await world.clock.runFor(300_000);
    const { rollout } = second.commands.get(key);
    expect(rollout?.state.name).toBe('Promoted');
    expect(rollout?.shadows).toMatchObject([{ judge: 'bet', kind: 'pass', failedAtMs: null }]);
  });
});

describe('the forecast of a step', () => {
  const plan = betPlan({}, { waitsForForecast: true });

  test('is made of what stable served while the canary started', async () => {
    const { world, engine } = await serving(plan, 0);
    await world.clock.runFor(12_000);
    // 10 % of 100 requests a second, for 20 s.
    expect(engine.commands.get(key).rollout?.state).toMatchObject({ step: 0, forecastRequests: 157 });
    await world.clock.runFor(300_000);
    expect(engine.commands.get(key).rollout?.state.name).toBe('Promoted');
  });

  test('holds the step when traffic falls, until as many have come', async () => {
    const { world, engine } = await serving(plan, 0);
    await world.clock.runFor(10_000);
    world.metrics.rateOf = () => 20;
    await world.clock.runFor(25_000);
    expect(engine.commands.get(key).rollout?.state).toMatchObject({ step: 0, reason: 'not-enough-data' });
    await world.clock.runFor(120_000);
    expect(engine.commands.get(key).rollout?.state.step).toBeGreaterThan(0);
  });
});
