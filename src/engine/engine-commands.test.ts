import { describe, expect, test } from 'vitest';
import { examplePlan, exampleSnapshot, exampleSpec } from '../../test/fakes/examples.ts';
import { World } from '../../test/fakes/world.ts';
import { AssertionFailure } from '../lib/assert.ts';
import { decide } from '../rollout/decide.ts';
import type { ActionKind } from '../rollout/observation.ts';
import type { ActResult, AppliedService } from './commands.ts';
import type { Engine, EngineParts } from './engine.ts';

const ada = { kind: 'person', name: 'ada' } as const;
const key = 'default/shop';
const shop: AppliedService = {
  spec: exampleSpec(),
  target: exampleSnapshot('v1'),
  source: ['kind: Canary\n'],
};

class Rig {
  readonly world: World;
  engine: Engine;

  constructor(world: World, engine: Engine) {
    this.world = world;
    this.engine = engine;
  }

  async deploy(revision: string, forMs = 300_000): Promise<void> {
    await this.engine.commands.deploy(key, exampleSnapshot(revision), ada);
    await this.world.clock.runFor(forMs);
  }

  act(kind: ActionKind): Promise<ActResult> {
    return this.engine.commands.act({ kind, on: { key }, reason: 'because', actor: ada });
  }

  get end(): string {
    const { rollout, canary } = this.engine.commands.get(key);
    return `${rollout?.identity.name} ${rollout?.state.name}, ${canary.promoted?.revision} serves`;
  }
}

async function started(
  patch: Partial<EngineParts> = {},
  services: readonly AppliedService[] = [shop],
): Promise<Rig> {
  const world = new World();
  const engine = await world.engine(patch);
  await engine.commands.apply(services, ada);
  await world.clock.runFor(10_000);
  return new Rig(world, engine);
}

describe('apply', () => {
  test('says what it did, and does nothing for the same again', async () => {
    const { engine, world } = await started();
    const { writes } = world.store;
    expect(await engine.commands.apply([shop], ada)).toEqual([
      { key, outcome: 'unchanged', revision: 'v1', generation: 1 },
    ]);
    expect(world.store.writes).toBe(writes);
    const changed = { ...shop, spec: exampleSpec({ ...examplePlan, bakeMs: 1 }) };
    expect(await engine.commands.apply([changed], ada)).toEqual([
      { key, outcome: 'changed', revision: 'v1', generation: 2 },
    ]);
  });

  test('a preview says what it would do, and does it not', async () => {
    const { engine, world } = await started();
    const { writes } = world.store;
    const other = { ...shop, spec: exampleSpec(examplePlan, 'other') };
    const changed = { ...shop, spec: exampleSpec({ ...examplePlan, bakeMs: 1 }) };
    const outcomes = engine.commands.preview([shop, changed, other]).map(({ outcome }) => outcome);
    expect([outcomes, world.store.writes]).toEqual([['unchanged', 'changed', 'created'], writes]);
  });

  test('stores nothing of a service that the platform cannot have', async () => {
    const world = new World();
    const engine = await world.engine();
    world.platform.faultOf = (call) => (call === 'ensure' ? 'error' : 'none');
    await expect(engine.commands.apply([shop], ada)).rejects.toMatchObject({ code: 'keeper-unreachable' });
    expect([world.store.canaries.size, engine.commands.list()]).toEqual([0, []]);
  });

  test('another number of replicas is set without a rollout', async () => {
    const { engine, world } = await started();
    await engine.commands.apply([{ ...shop, spec: exampleSpec({ ...examplePlan, replicas: 5 }) }], ada);
    await world.clock.runFor(30_000);
    expect([world.platform.services.get(key)?.stable.readyOf('v1'), world.store.rollouts.size]).toEqual([
      5, 1,
    ]);
  });
});

describe('rollouts start', () => {
  test('of a revision that failed only by retry, with the next attempt', async () => {
    const rig = await started();
    rig.world.metrics.serving.set('v2', { errorShare: 0.5 });
    await rig.deploy('v2');
    await rig.deploy('v1');
    await rig.deploy('v2');
    expect(rig.end).toBe('shop-v2-1 RolledBack, v1 serves');
    rig.world.metrics.serving.delete('v2');
    expect(await rig.act('retry')).toEqual({ key, rollout: 'shop-v2-2', action: null });
    await rig.world.clock.runFor(300_000);
    expect(rig.end).toBe('shop-v2-2 Promoted, v2 serves');
    await expect(rig.act('retry')).rejects.toMatchObject({ code: 'action-refused' });
  });

  test('on flagger.app also by revert and apply', async () => {
    const rig = await started({}, [{ ...shop, spec: { ...exampleSpec(), flavour: 'flagger' } }]);
    rig.world.metrics.serving.set('v2', { errorShare: 0.5 });
    await rig.deploy('v2');
    await rig.deploy('v1', 1_000);
    rig.world.metrics.serving.delete('v2');
    await rig.deploy('v2');
    expect(rig.end).toBe('shop-v2-2 Promoted, v2 serves');
  });

  test('anew for a revision that comes midway, after the weight is 0', async () => {
    const rig = await started();
    await rig.deploy('v2', 20_000);
    await rig.deploy('v3');
    expect(rig.engine.commands.rollout('shop-v2-1')?.state.name).toBe('Superseded');
    expect(rig.end).toBe('shop-v3-1 Promoted, v3 serves');
  });

  test('named by 40 letters of the Canary, the revision and the attempt', async () => {
    const name = 'a'.repeat(50);
    const rig = await started({}, [{ ...shop, spec: exampleSpec(examplePlan, name) }]);
    expect(rig.engine.commands.rollout(`${'a'.repeat(40)}-v1-1`)?.state.name).toBe('Promoted');
  });

  test('and only the last ten are kept', async () => {
    const rig = await started();
    for (let revision = 2; revision < 16; revision += 1) await rig.deploy(`v${revision}`, 5 * 60_000);
    expect((await rig.engine.commands.history(key, 50)).rollouts).toHaveLength(15);
    expect(rig.engine.commands.rollout('shop-v5-1')).toBeUndefined();
    expect(rig.engine.commands.rollout('shop-v6-1')?.state.name).toBe('Promoted');
  }, 30_000);
});

describe('commands', () => {
  test('rollback after a promotion is a fast rollout of what served before', async () => {
    const rig = await started();
    await rig.deploy('v2');
    const { rollout } = await rig.act('rollback');
    await rig.world.clock.runFor(60_000);
    expect([rollout, rig.end]).toEqual(['shop-v1-2', 'shop-v1-2 Promoted, v1 serves']);
    await rig.world.clock.runFor(600_000);
    expect(rig.end).toBe('shop-v1-2 Promoted, v1 serves');
  });

  test('what means nothing now is refused with the reason', async () => {
    const rig = await started();
    for (const kind of ['pause', 'approve', 'rollback', 'retry'] as const) {
      await expect(rig.act(kind)).rejects.toMatchObject({ code: 'action-refused' });
    }
    await rig.deploy('v2', 6_000);
    const refused = rig.act('approve').catch((thrown: unknown) => thrown);
    await rig.world.clock.runFor(1_000);
    expect(await refused).toMatchObject({ code: 'action-refused', message: 'nothing waits for an approval' });
    await expect(
      rig.engine.commands.act({ kind: 'pause', on: { rollout: 'shop-v1-1' }, reason: '', actor: ada }),
    ).rejects.toMatchObject({ code: 'action-refused' });
    expect(() => rig.engine.commands.get('default/none')).toThrow('there is no service default/none');
  });

  test('disable rolls back what runs; a change then is a plain rolling update that nothing judges', async () => {
    const rig = await started();
    await rig.deploy('v2', 20_000);
    await rig.engine.commands.disable(key, ada);
    await rig.world.clock.runFor(60_000);
    expect(rig.end).toBe('shop-v2-1 Aborted, v1 serves');
    rig.world.metrics.serving.set('v3', { errorShare: 1 });
    await rig.deploy('v3', 60_000);
    expect(rig.end).toBe('shop-v3-1 Promoted, v3 serves');
    expect(rig.engine.commands.rollout('shop-v3-1')?.plan.strategy).toBe('Rolling');
    await rig.engine.commands.enable(key, ada);
    rig.world.metrics.serving.set('v4', { errorShare: 1 });
    await rig.deploy('v4');
    expect(rig.end).toBe('shop-v4-1 RolledBack, v3 serves');
  });

  test('delete takes the traffic back first, then everything away', async () => {
    const rig = await started();
    await rig.deploy('v2', 20_000);
    await rig.engine.commands.deleteService(key, ada);
    expect(rig.world.platform.services.get(key)?.plane.share).toBe(0);
    await rig.world.clock.runFor(60_000);
    expect([
      rig.world.platform.services.size,
      rig.world.store.canaries.size,
      rig.engine.commands.list(),
    ]).toEqual([0, 0, []]);
    await rig.engine.commands.apply([shop], ada);
    await rig.world.clock.runFor(10_000);
    expect(rig.end).toBe('shop-v1-1 Promoted, v1 serves');
  });
});

test('a suspended service goes when it is deleted, also from the midst of a rollout', async () => {
  const rig = await started();
  await rig.deploy('v2', 20_000);
  await rig.engine.commands.apply(
    [{ ...shop, target: exampleSnapshot('v2'), spec: { ...exampleSpec(), suspend: true } }],
    ada,
  );
  await rig.world.clock.runFor(60_000);
  expect(rig.engine.commands.get(key).rollout?.state.name).toBe('Holding');
  await rig.engine.commands.deleteService(key, ada);
  await rig.world.clock.runFor(60_000);
  expect(rig.world.platform.services.size).toBe(0);
});

describe('the engine', () => {
  test('stops a rollout that meets a bug, says so, leaves its traffic, and goes on with the others', async () => {
    const bad: EngineParts['decide'] = (input) => {
      if (input.identity.name === 'shop-v2-1' && input.state.name === 'Holding')
        throw new AssertionFailure('must hold: this');
      return decide(input);
    };
    const other = { ...shop, spec: exampleSpec(examplePlan, 'other') };
    const rig = await started({ decide: bad }, [shop, other]);
    await rig.engine.commands.deploy('default/other', exampleSnapshot('v3'), ada);
    await rig.deploy('v2');
    expect(rig.world.platform.services.get(key)?.plane.share).toBe(10);
    expect(rig.engine.commands.get('default/other').canary.promoted?.revision).toBe('v3');
    const message = 'shop-v2-1 was stopped by a bug, its traffic left as it is: must hold: this';
    expect(rig.engine.commands.get(key).troubles).toEqual([message]);
    expect(rig.world.store.events.filter((event) => event.message === message)).toHaveLength(1);
    expect(rig.world.notifier.told.filter((notice) => notice.message === message)).toHaveLength(1);
  });

  test('writes a running rollout at transitions and verdicts, and otherwise every 30 s', async () => {
    const long = { ...examplePlan, steps: examplePlan.steps.map((step) => ({ ...step, holdMs: 3_600_000 })) };
    const rig = await started({}, [{ ...shop, spec: exampleSpec(long) }]);
    await rig.deploy('v2', 60_000);
    const { writes } = rig.world.store;
    await rig.world.clock.runFor(600_000);
    expect(rig.world.store.writes - writes).toBeLessThanOrEqual(21);
  });

  test('brings the promoted revision up after the machine went down', async () => {
    const rig = await started();
    await rig.deploy('v2', 20_000);
    await rig.engine.stop();
    rig.world.platform.reboot('boot-2');
    rig.engine = await rig.world.engine();
    await rig.world.clock.runFor(60_000);
    expect(rig.end).toBe('shop-v2-1 Failed, v1 serves');
    expect(rig.world.platform.services.get(key)?.stable.readyOf('v1')).toBe(2);
  });
});
