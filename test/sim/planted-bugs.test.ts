import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/rollout/decide.ts';
import { decide } from '../../src/rollout/decide.ts';
import type { Effect } from '../../src/rollout/effect.ts';
import { Engine } from '../../src/engine/engine.ts';
import { exampleSnapshot, exampleSpec } from '../fakes/examples.ts';
import { World } from '../fakes/world.ts';
import { Lifeline } from './lifeline.ts';
import { Coverage } from './coverage.ts';
import { simulate } from './simulate.ts';
import type { Decide } from './simulation.ts';

const key = 'default/shop';
const actor = { kind: 'person', name: 'ada' } as const;

/** How many seeds a bug may hide in. */
const seeds = 150;

/** The first violation that the simulator finds. */
async function found(bug: Decide): Promise<string> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const [violation] = await simulate(seed, new Coverage(), undefined, bug);
    if (violation !== undefined) return violation.split(':')[0] ?? '';
  }
  return 'nothing';
}

function withEffects(decision: Decision, effects: readonly Effect[]): Decision {
  return { ...decision, effects: [...decision.effects, ...effects] };
}

/** A person rolls back; the engine dies when the data plane has heard of it and the disk has not. Where its successor ends. */
async function afterLostDecision(successor: Decide): Promise<string> {
  const world = new World();
  let isArmed = false;
  const lifeline = new Lifeline({
    deathAt: (write) => (isArmed && write === 'store' ? 'before' : null),
    onDeath: () => undefined,
  });
  const engine = new Engine(lifeline.wrap(world.parts(), 0));
  await engine.start();
  await engine.commands.apply([{ spec: exampleSpec(), target: exampleSnapshot('v1'), source: [] }], actor);
  await world.clock.runFor(20_000);
  await engine.commands.deploy(key, exampleSnapshot('v2'), actor);
  await world.clock.runFor(10_000);
  isArmed = true;
  void engine.commands.act({ kind: 'rollback', on: { key }, reason: '', actor });
  await world.clock.runFor(1_000);
  const next = await world.engine({ decide: successor });
  await world.clock.runFor(600_000);
  const state = next.commands.get(key).rollout?.state;
  return `${state?.name} ${state?.reason}`;
}

describe('the simulator finds a planted bug', () => {
  test('raises the weight after the decision to go back', async () => {
    const bug: Decide = (input) => {
      const decision = decide(input);
      if (decision.state.name !== 'RollingBack') return decision;
      const route = { routing: { kind: 'weight', weightPercent: 50 }, tombstone: false } as const;
      return withEffects(decision, [{ kind: 'setRoute', id: `${input.identity.uid}/bug`, route }]);
    };
    expect(['N4', 'N8']).toContain(await found(bug));
  });

  test('advances without a pass', async () => {
    const bug: Decide = (input) => {
      const { verdict } = input.observation;
      if (verdict === null) return decide(input);
      const pass = {
        ...verdict,
        kind: 'pass',
        judgedMs: 1e9,
        passesInStep: 99,
        requestsInStep: 1e9,
      } as const;
      return decide({ ...input, observation: { ...input.observation, verdict: pass } });
    };
    expect(['N1', 'N6']).toContain(await found(bug));
  });

  test('scales the canary down before weight 0 is proven', async () => {
    const bug: Decide = (input) => {
      const decision = decide(input);
      if (decision.state.name !== 'RollingBack' || decision.state.phase !== 'shift') return decision;
      const { revision } = decision.state.canary;
      const down = { kind: 'setArm', arm: 'canary', revision, replicas: 0, roll: input.plan.roll } as const;
      return withEffects(decision, [{ ...down, id: `${input.identity.uid}/bug` }]);
    };
    expect(await found(bug)).toBe('N3');
  });

  test('does not read the tombstone', async () => {
    const bug: Decide = (input) => {
      const { route } = input.observation;
      if (route === null || input.state.decidedAtMs !== null) return decide(input);
      return decide({
        ...input,
        observation: { ...input.observation, route: { ...route, tombstone: null } },
      });
    };
    expect([await afterLostDecision(decide), await afterLostDecision(bug)]).toEqual([
      'RolledBack tombstone',
      'Paused lowered-elsewhere',
    ]);
  });

  test('takes what cannot be read for what was asked', async () => {
    const bug: Decide = (input) => {
      const { route } = input.observation;
      if (route === null) return decide(input);
      const proven = {
        ...route,
        routing: input.state.route.routing,
        inForce: true,
        tombstone: input.state.route.tombstone ? input.identity.uid : route.tombstone,
      };
      return decide({ ...input, observation: { ...input.observation, route: proven } });
    };
    expect(['N1', 'N3', 'N5', 'N6', 'N8', 'N14']).toContain(await found(bug));
  });
});
