import { describe, expect, test } from 'vitest';
import { type Decision, decide, type DecideInput } from './decide.ts';
import type { Effect } from './effect.ts';
import { checkInvariants } from './invariants.ts';
import type { RolloutState } from './state.ts';
import { arm, identity, observation, plan, verdict } from './testing/fixtures.ts';
import { World } from './testing/world.ts';

const holding = new World().until((state) => state.name === 'Holding' && state.step === 1);
const rollingBack = (() => {
  const world = new World();
  world.until((state) => state.name === 'Holding' && state.step === 1);
  world.verdictKind = 'fail';
  world.applies = false;
  return world.until((state) => state.name === 'RollingBack');
})();

function input(state: RolloutState): DecideInput {
  const seen = observation({
    canary: arm('new', state.canary.replicas),
    route: {
      routing: state.route.routing,
      tombstone: null,
      inForce: true,
      evidence: 'programmed',
      foreignWriter: null,
    },
  });
  return { identity, plan: plan(), state, observation: seen, nowMs: state.lastSeenAtMs };
}

/** A decision that a bug in a rule could have made. */
function broken(
  from: RolloutState,
  patch: Partial<RolloutState>,
  effects: readonly Effect[] = [],
): readonly string[] {
  const decision: Decision = {
    state: { ...from, ...patch },
    effects,
    transitions: [],
    actions: [],
    wakeAtMs: null,
  };
  return checkInvariants(input(from), decision);
}

const weight = (weightPercent: number, tombstone = false) => ({
  routing: { kind: 'weight' as const, weightPercent },
  tombstone,
});
const setRoute = (weightPercent: number, tombstone: boolean): Effect => ({
  kind: 'setRoute',
  id: 'x',
  route: weight(weightPercent, tombstone),
});
const setArm = (name: 'stable' | 'canary', revision: string, replicas: number): Effect => ({
  kind: 'setArm',
  id: 'x',
  arm: name,
  revision,
  replicas,
  roll: plan().roll,
});

describe('each invariant notices what breaks it', () => {
  test('N1: a weight beyond the step, or a step without a pass', () => {
    expect(broken(holding, { route: weight(30) })[0]).toMatch(/^N1: the weight rose beyond/);
    expect(
      broken(holding, { step: 2, route: weight(50), canary: { revision: 'new', replicas: 1 } })[0],
    ).toMatch(/^N1: step 3 began without a pass/);
    expect(
      broken(holding, { step: 3, route: weight(100), canary: { revision: 'new', replicas: 1 } })[0],
    ).toMatch(/^N1: the promotion began without/);
  });

  test('N2: a weight onto too few endpoints', () => {
    const clearance = {
      step: 1,
      attempt: 2,
      kind: 'advance',
      actor: { kind: 'person', name: 'ann' },
      atMs: 0,
    } as const;
    expect(
      broken(holding, { step: 2, route: weight(50), canary: { revision: 'new', replicas: 9 }, clearance }),
    ).toEqual(['N2: the weight rose without enough canary endpoints']);
  });

  test('N3: an arm reduced under traffic, or before the drain', () => {
    expect(broken(holding, {}, [setArm('canary', 'new', 0)])[0]).toMatch(
      /^N3: the canary is reduced before weight 0/,
    );
    expect(broken({ ...holding, route: weight(0) }, {}, [setArm('canary', 'new', 0)])[0]).toMatch(
      /^N3: the canary is reduced before the drain/,
    );
    expect(broken(holding, {}, [setArm('stable', 'old', 3)])).toContain('N3: stable is reduced');
  });

  test('N4: after a rollback decision the weight may only fall', () => {
    expect(broken(rollingBack, { route: weight(5, true) })).toContain(
      'N4: the weight asked for rose after the decision',
    );
    expect(broken(rollingBack, {}, [setRoute(5, true)])).toContain(
      'N4: the route is written with canary traffic after the decision',
    );
    expect(broken(rollingBack, {}, [setRoute(0, false)])).toContain(
      'N4: the route is written with canary traffic after the decision',
    );
    expect(broken(rollingBack, { decidedAtMs: null })).toContain('N4: a decision was taken back');
    expect(broken(rollingBack, { name: 'Holding' })).toContain('N4: Holding after the decision');
    expect(broken(rollingBack, { decidedAtMs: 1 })).toContain('N4: the decision moved in time');
  });

  test('N5: a decision that does not write first', () => {
    const decided = { name: 'RollingBack' as const, decidedAtMs: 1, route: weight(0, true) };
    expect(broken(holding, decided, [setArm('stable', 'old', 4), setRoute(0, true)])).toContain(
      'N5: the decision does not write weight 0 before all else',
    );
    expect(broken(holding, decided, [setRoute(0, true)]).some((line) => line.startsWith('N5'))).toBe(false);
  });

  test('N6: a pass without a passing verdict of its own', () => {
    const clearance = {
      step: 1,
      attempt: 2,
      kind: 'pass',
      actor: { kind: 'controller', name: 'sluice' },
      atMs: 0,
    } as const;
    expect(broken(holding, { clearance })).toEqual([
      'N6: a step was passed without a passing verdict of its own',
    ]);
    const stale = {
      ...input(holding),
      observation: { ...input(holding).observation, verdict: verdict(), verdictAttempt: 1 },
    };
    const decision: Decision = {
      state: { ...holding, clearance },
      effects: [],
      transitions: [],
      actions: [],
      wakeAtMs: null,
    };
    expect(checkInvariants(stale, decision)).toEqual([
      'N6: a step was passed without a passing verdict of its own',
    ]);
  });

  test('N9: stable below what it started with', () => {
    expect(broken(holding, {}, [{ kind: 'setFloor', id: 'x', replicas: 0 }])).toEqual([
      'N9: stable falls below what it started with',
    ]);
    expect(broken(holding, {}, [setArm('stable', 'old', 2)])).toContain(
      'N9: stable falls below what it started with',
    );
  });

  test('N10: a transition that is not recorded, or an end that is left', () => {
    expect(broken(holding, { name: 'Paused' })).toEqual(['N10: a transition is not recorded']);
    const ended = new World().untilEnd();
    const transition = {
      id: `u1/${ended.transitions + 1}`,
      from: 'Promoted',
      to: 'Holding',
      reason: 'holding',
      message: '',
      actor: { kind: 'controller', name: 'x' },
      step: 0,
      atMs: 0,
    } as const;
    const decision: Decision = {
      state: { ...ended, name: 'Holding', transitions: ended.transitions + 1 },
      effects: [],
      transitions: [transition],
      actions: [],
      wakeAtMs: null,
    };
    expect(checkInvariants(input(ended), decision)).toContain('N10: Promoted is an end and was left');
    const twice: Decision = { ...decision, transitions: [{ ...transition, id: 'u1/1' }] };
    expect(checkInvariants(input(ended), twice)).toContain('N10: transition u1/1 is out of order');
  });

  test('N11: a gate that opens without its own answer', () => {
    const asked = {
      name: 'g',
      step: 1,
      attempt: 2,
      n: 1,
      firstAskedAtMs: 0,
      askedAtMs: 0,
      passed: true,
      answeredAtMs: 1,
      failures: 0,
    };
    expect(broken(holding, { hooks: [{ ...asked, id: 'u1/1/2/hook/g/1' }] })).toEqual([
      'N11: u1/1/2/hook/g/1 passed without its answer',
    ]);
    expect(broken(holding, { hooks: [{ ...asked, id: 'u1/0/1/hook/g/1' }] })[0]).toMatch(
      /^N11: .* is not bound to its step/,
    );
  });

  test('N12: an end before weight 0 was proven', () => {
    const seen = { ...input(rollingBack), observation: { ...input(rollingBack).observation, route: null } };
    const decision: Decision = {
      state: { ...rollingBack, restoredAtMs: 5 },
      effects: [],
      transitions: [],
      actions: [],
      wakeAtMs: null,
    };
    expect(checkInvariants(seen, decision)).toContain('N12: restored without proof of weight 0');
    expect(broken(rollingBack, { name: 'Superseded' })).toContain(
      'N12: the rollback ended before users were safe',
    );
  });
});

test('a second look with the same picture gives the same reference and the same effects (R3, N8)', () => {
  const first = decide(input(holding));
  const second = decide({ ...input(holding), state: first.state });
  expect(second.state).toBe(first.state);
  expect(second.effects).toEqual(first.effects);
  expect(second.transitions).toEqual([]);
});
