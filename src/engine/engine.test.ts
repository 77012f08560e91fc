import { describe, expect, test } from 'vitest';
import { exampleSnapshot, exampleSpec } from '../../test/fakes/examples.ts';
import { World } from '../../test/fakes/world.ts';
import type { Engine } from './engine.ts';
import type { RecordedEvent } from './ports.ts';

const ada = { kind: 'person', name: 'ada' } as const;
const key = 'default/shop';

/** A world in which v1 serves. */
async function serving(): Promise<{ readonly world: World; readonly engine: Engine }> {
  const world = new World();
  const engine = await world.engine();
  await engine.commands.apply([{ spec: exampleSpec(), target: exampleSnapshot('v1'), source: [] }], ada);
  await world.clock.runFor(10_000);
  return { world, engine };
}

function told(events: readonly RecordedEvent[], rollout: string): readonly string[] {
  return events
    .filter((event) => event.rollout === rollout && event.kind === 'transition')
    .map((event) => {
      const { to, reason } = event.data as { to: string; reason: string };
      return `${to} ${reason}`;
    });
}

describe('Engine', () => {
  test('brings up the first revision and then rests', async () => {
    const { world, engine } = await serving();
    const { canary, rollout } = engine.commands.get(key);
    expect([canary.promoted?.revision, rollout?.state.name]).toEqual(['v1', 'Promoted']);
    const { writes } = world.store;
    await world.clock.runFor(3_600_000);
    expect([engine.load, world.store.writes - writes, world.clock.nextMs]).toEqual([
      { waiting: 0, running: 0, timers: 0 },
      0,
      null,
    ]);
  });

  test('takes a good revision through its steps', async () => {
    const { world, engine } = await serving();
    await engine.commands.deploy(key, exampleSnapshot('v2'), ada);
    await world.clock.runFor(300_000);
    const { canary, rollout } = engine.commands.get(key);
    expect(rollout?.state.weightsInForce).toEqual([10, 25, 50, 100]);
    expect([canary.promoted?.revision, canary.previous?.revision]).toEqual(['v2', 'v1']);
    expect(told(world.store.events, 'shop-v2-1')).toMatchInlineSnapshot(`
      [
        "Starting waiting-for-stable",
        "Starting scaling-canary",
        "Stepping scaling-canary",
        "Stepping shifting-to-canary",
        "Holding holding",
        "Stepping scaling-canary",
        "Stepping shifting-to-canary",
        "Holding holding",
        "Stepping scaling-canary",
        "Stepping shifting-to-canary",
        "Holding holding",
        "Promoting shifting-to-canary",
        "Promoting shifting-to-canary",
        "Baking baking",
        "Draining rolling-idle-stable",
        "Draining shifting-to-stable",
        "Draining draining",
        "Draining scaling-down",
        "Promoted succeeded",
      ]
    `);
  });

  test('goes back after a promotion once, not back to what was bad when asked again', async () => {
    const { world, engine } = await serving();
    await engine.commands.deploy(key, exampleSnapshot('v2'), ada);
    await world.clock.runFor(300_000);
    const back = { kind: 'rollback', on: { key }, reason: '', actor: ada } as const;
    await engine.commands.act(back);
    // Somebody else presses the same key while it is on its way.
    await world.clock.runFor(500);
    await expect(engine.commands.act(back)).rejects.toMatchObject({ code: 'action-refused' });
    await world.clock.runFor(60_000);
    expect(engine.commands.get(key).canary.promoted?.revision).toBe('v1');
    await expect(engine.commands.act(back)).rejects.toMatchObject({ code: 'action-refused' });
    await world.clock.runFor(60_000);
    expect(engine.commands.get(key).canary.promoted?.revision).toBe('v1');
  });

  test('takes a bad revision back', async () => {
    const { world, engine } = await serving();
    world.metrics.serving.set('v2', { errorShare: 0.1 });
    await engine.commands.deploy(key, exampleSnapshot('v2'), ada);
    await world.clock.runFor(300_000);
    const { canary } = engine.commands.get(key);
    expect(canary.promoted?.revision).toBe('v1');
    expect(told(world.store.events, 'shop-v2-1')).toMatchInlineSnapshot(`
      [
        "Starting waiting-for-stable",
        "Starting scaling-canary",
        "Stepping scaling-canary",
        "Stepping shifting-to-canary",
        "Holding holding",
        "RollingBack check-failed",
        "RollingBack check-failed",
        "RollingBack check-failed",
        "RolledBack check-failed",
      ]
    `);
  });
});
