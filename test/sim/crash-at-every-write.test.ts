import { describe, expect, test } from 'vitest';
import { Engine } from '../../src/engine/engine.ts';
import type { RolloutRecord } from '../../src/engine/ports.ts';
import type { HookPlan, Plan } from '../../src/rollout/plan.ts';
import { examplePlan, exampleSnapshot, exampleSpec } from '../fakes/examples.ts';
import { settled } from '../fakes/virtual-clock.ts';
import { World } from '../fakes/world.ts';
import { Checker } from './checker.ts';
import { Coverage } from './coverage.ts';
import { type Death, Lifeline } from './lifeline.ts';

const key = 'default/shop';
const actor = { kind: 'person', name: 'ada' } as const;
const downMs = 1_000;
const wholeMs = 10 * 60_000;

interface Outcome {
  /** Writes of all kinds, of the whole run. */
  readonly writes: number;
  readonly violations: readonly string[];
  readonly end: unknown;
}

/** Takes v2 to its end after v1 serves; the engine dies at the k-th write (from 0) and is started anew. */
async function run(plan: Plan, isBad: boolean, k: number, death: Death): Promise<Outcome> {
  const world = new World();
  const checker = new Checker(world, new Coverage());
  world.platform.witness = checker;
  if (isBad) world.metrics.serving.set('v2', { errorShare: 0.5 });
  const first = await world.engine();
  await first.commands.apply([{ spec: exampleSpec(plan), target: exampleSnapshot('v1'), source: [] }], actor);
  await world.clock.runFor(20_000);
  await first.commands.deploy(key, exampleSnapshot('v2'), actor);
  await first.stop();
  let writes = 0;
  let engine: Engine | null = null;
  const boot = async (): Promise<void> => {
    const lifeline: Lifeline = new Lifeline({
      deathAt: () => {
        writes += 1;
        return writes === k + 1 ? death : null;
      },
      onDeath: () => {
        engine = null;
        world.clock.at(world.clock.nowMs() + downMs, () => void boot());
      },
    });
    const born = new Engine(lifeline.wrap(world.parts(), 0));
    await born.start();
    if (lifeline.isAlive) engine = born;
  };
  await boot();
  const untilMs = world.clock.nowMs() + wholeMs;
  for (let next = world.clock.nextMs; next !== null && next <= untilMs; next = world.clock.nextMs) {
    await world.clock.step();
    checker.recorded();
  }
  await settled();
  const views = (engine as Engine | null)?.commands.list() ?? [];
  checker.ended(views);
  return {
    writes,
    violations: checker.violations,
    end: JSON.parse(withoutCause(JSON.stringify(endOf(world)))),
  };
}

/** Everything that has to be the same: the world, what the records say of the way and the end, who was told. */
function endOf(world: World): unknown {
  const service = world.platform.services.get(key);
  return {
    world:
      service === undefined
        ? null
        : [service.stable.observe(), service.canary.observe(), service.plane.observe().routing],
    canary: [...world.store.canaries.values()].map(({ promoted, previous, target, currentRollout }) => ({
      promoted,
      previous,
      target,
      currentRollout,
    })),
    rollouts: [...world.store.rollouts.values()].map(ending),
    transitions: world.store.events
      .filter((event) => event.kind === 'transition')
      .map((event) => [event.rollout, event.data]),
    told: [...new Set(world.notifier.told.map((notice) => notice.message))],
    hooks: [...new Set(world.hooks.calls.map((call) => call.effect.hook.name))].toSorted(),
  };
}

function ending({ identity, attempt, state }: RolloutRecord): unknown {
  const { name, reason, weightsInForce, skipped, decidedBy, stable, canary, route } = state;
  return {
    run: identity.name,
    attempt,
    name,
    reason,
    weightsInForce,
    skipped,
    decidedBy,
    stable,
    canary,
    route,
  };
}

/**
 * Blocks are cut elsewhere after a restart, so what was counted in them differs. A decision of which only the data plane had
 * heard is found there as the tombstone: the same end, but its cause died with the process.
 */
function withoutCause(told: string): string {
  return told.replaceAll('"tombstone"', '"check-failed"').replaceAll(/(RolledBack: )[^"]*/g, '$1…');
}

function hook(type: HookPlan['type']): HookPlan {
  return {
    name: type,
    type,
    url: 'http://hooks.test/',
    timeoutMs: 2_000,
    retries: 0,
    metadata: {},
    muteAlert: false,
    deadlineMs: null,
    onDeadline: 'rollback',
  };
}

const hooks = (['confirm-rollout', 'pre-rollout', 'confirm-promotion', 'post-rollout'] as const).map(hook);
const cases = [
  { name: 'a promotion with webhooks', plan: { ...examplePlan, hooks }, isBad: false },
  {
    name: "a promotion under the canary's share",
    plan: { ...examplePlan, promotion: 'rolling' },
    isBad: false,
  },
  { name: 'a rollback', plan: { ...examplePlan, hooks }, isBad: true },
  { name: 'a rolling update', plan: { ...examplePlan, strategy: 'Rolling', steps: [] }, isBad: false },
  {
    name: 'a rolling update that is undone',
    plan: { ...examplePlan, strategy: 'Rolling', steps: [] },
    isBad: true,
  },
] as const satisfies readonly { readonly name: string; readonly plan: Plan; readonly isBad: boolean }[];

describe('killed at every write the run ends as if nothing had happened', () => {
  for (const { name, plan, isBad } of cases) {
    test(name, async () => {
      const clean = await run(plan, isBad, -1, null);
      expect(clean.violations).toEqual([]);
      for (let k = 0; k < clean.writes; k += 1) {
        for (const death of ['before', 'after'] as const) {
          const { end, violations } = await run(plan, isBad, k, death);
          expect({ k, death, violations, end }).toEqual({ k, death, violations: [], end: clean.end });
        }
      }
    });
  }
});
