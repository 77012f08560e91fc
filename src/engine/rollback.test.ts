import { describe, expect, test } from 'vitest';
import { examplePlan, exampleSnapshot, exampleSpec } from '../../test/fakes/examples.ts';
import { World } from '../../test/fakes/world.ts';
import type { Engine, EngineParts } from './engine.ts';

const ada = { kind: 'person', name: 'ada' } as const;
const key = 'default/shop';

/** v2 holds at 10 %. */
async function holding(
  patch: (world: World) => Partial<EngineParts> = () => ({}),
): Promise<{ world: World; engine: Engine }> {
  const world = new World();
  const engine = await world.engine(patch(world));
  await engine.commands.apply([{ spec: exampleSpec(), target: exampleSnapshot('v1'), source: [] }], ada);
  await world.clock.runFor(10_000);
  await engine.commands.deploy(key, exampleSnapshot('v2'), ada);
  await world.clock.runFor(6_000);
  expect(world.platform.services.get(key)?.plane.share).toBe(10);
  return { world, engine };
}

function rollBack(engine: Engine): void {
  engine.commands.act({ kind: 'rollback', on: { key }, reason: '', actor: ada }).catch(() => undefined);
}

/** Everything that a rollback must not need (N5), broken. */
const hindrances: Readonly<Record<string, (world: World) => void>> = {
  nothing: () => undefined,
  'a disk that hangs': ({ store }) => (store.faultOf = () => 'hang'),
  'a disk that is full': ({ store }) => (store.faultOf = () => 'refuse'),
  'a platform that cannot be read': ({ platform }) =>
    (platform.faultOf = (call) => (call === 'observe' ? 'error' : 'none')),
  'a platform whose reading hangs': ({ platform }) =>
    (platform.faultOf = (call) => (call === 'observe' ? 'hang' : 'none')),
  'other writes that hang': ({ platform }) =>
    (platform.faultOf = (call) => (call === 'act' ? 'hang' : 'none')),
  'metrics that hang': ({ metrics }) => (metrics.faultOf = () => 'hang'),
  'webhooks that hang': ({ hooks }) => (hooks.scriptOf = () => ({ kind: 'hang', afterMs: 0 })),
  'a notifier that throws': ({ notifier }) => (notifier.isBroken = () => true),
};

describe('a rollback waits for nothing', () => {
  for (const [name, hinder] of Object.entries(hindrances)) {
    test(`but its own write: ${name}`, async () => {
      const { world, engine } = await holding();
      hinder(world);
      // Long enough that a reading under way hangs.
      await world.clock.runFor(3_000);
      const decidedMs = world.clock.nowMs();
      rollBack(engine);
      await world.clock.runFor(0);
      expect([world.platform.services.get(key)?.plane.share, world.clock.nowMs() - decidedMs]).toEqual([
        0, 0,
      ]);
    });
  }

  test('nor for a place in the queue, when every place is taken by services that hang', async () => {
    const world = new World();
    const engine = await world.engine({}, { concurrency: 2 });
    const names = ['shop', 'a', 'b', 'c', 'd'];
    const services = names.map((name) => ({
      spec: exampleSpec(examplePlan, name),
      target: exampleSnapshot('v1'),
      source: [],
    }));
    await engine.commands.apply(services, ada);
    await world.clock.runFor(10_000);
    for (const name of names) await engine.commands.deploy(`default/${name}`, exampleSnapshot('v2'), ada);
    await world.clock.runFor(8_000);
    world.platform.faultOf = (call) => (call === 'observe' ? 'hang' : 'none');
    await world.clock.runFor(1_500);
    expect(engine.load.running).toBe(2);
    rollBack(engine);
    await world.clock.runFor(0);
    expect(world.platform.services.get(key)?.plane.share).toBe(0);
  });

  test('its write is tried until the data plane has it', async () => {
    const { world, engine } = await holding();
    world.platform.faultOf = (call) => (call === 'lowerToZero' ? 'error' : 'none');
    rollBack(engine);
    await world.clock.runFor(30_000);
    expect(world.platform.services.get(key)?.plane.share).toBe(10);
    world.platform.faultOf = () => 'none';
    await world.clock.runFor(2_500);
    expect(world.platform.services.get(key)?.plane.share).toBe(0);
  });

  test('with a disk that hangs users are recorded as safe at once, and all is written when it comes back', async () => {
    const { world, engine } = await holding();
    world.store.faultOf = () => 'hang';
    rollBack(engine);
    await world.clock.runFor(1_000);
    const state = engine.commands.get(key).rollout?.state;
    expect((state?.restoredAtMs ?? 0) - (state?.decidedAtMs ?? 0)).toBe(0);
    world.store.faultOf = () => 'none';
    await world.clock.runFor(60_000);
    expect(world.store.rollouts.get('shop-v2-1')?.state).toMatchObject({
      name: 'Aborted',
      restoredAtMs: state?.restoredAtMs,
    });
  });

  test('a failing verdict decides although the platform cannot be read', async () => {
    const { world } = await holding();
    world.metrics.serving.set('v2', { errorShare: 0.5 });
    world.platform.faultOf = (call) => (call === 'observe' ? 'hang' : 'none');
    await world.clock.runFor(60_000);
    expect(world.platform.services.get(key)?.plane.share).toBe(0);
  });

  test('a failing verdict decides although the disk hangs', async () => {
    const { world } = await holding();
    world.metrics.serving.set('v2', { errorShare: 0.5 });
    world.store.faultOf = () => 'hang';
    await world.clock.runFor(60_000);
    expect(world.platform.services.get(key)?.plane.share).toBe(0);
  });
});
