import { describe as suite, expect, test } from 'vitest';
import { describe } from './describe.ts';
import { phaseOf } from './phase-of.ts';
import { hook, plan } from './testing/fixtures.ts';
import { World } from './testing/world.ts';

suite('what is shown', () => {
  test("a run goes through Flagger's phases in order (R90)", () => {
    const hooks = [hook('confirm-rollout'), hook('confirm-promotion')];
    const world = new World({ plan: { hooks } });
    world.answers = { 'confirm-rollout': 'refused', 'confirm-promotion': 'refused' };
    const phases = new Set<string>();
    world.until((state) => {
      phases.add(phaseOf(state, world.plan));
      if (state.name === 'AwaitingApproval') world.answers = { ...world.answers, [state.reason]: 'passed' };
      return state.name === 'Promoted';
    });
    phases.add(phaseOf(world.state, world.plan));
    expect([...phases]).toEqual([
      'Initializing',
      'Waiting',
      'Progressing',
      'WaitingPromotion',
      'Promoting',
      'Finalising',
      'Succeeded',
    ]);
  });

  test('a rollback shows as Failed from the instant at which users are safe (R90)', () => {
    const world = new World();
    world.until((state) => state.name === 'Holding');
    world.verdictKind = 'fail';
    world.applies = false;
    world.tick();
    expect(phaseOf(world.state, world.plan)).toBe('Progressing');
    world.applies = true;
    world.until((state) => state.restoredAtMs !== null);
    expect(phaseOf(world.state, world.plan)).toBe('Failed');
    const superseded = { ...world.state, name: 'RollingBack' as const, endsAs: 'Superseded' as const };
    expect(phaseOf(superseded, world.plan)).toBe('Progressing');
  });

  test('each end and each wait for a person is told once (R92)', () => {
    const world = new World({ plan: { approvalBeforePromotion: true } });
    world.until((state) => state.name === 'AwaitingApproval');
    world.act('approve');
    world.untilEnd();
    for (let count = 0; count < 3; count += 1) world.tick();
    const told = world.effects.flatMap((effect) =>
      effect.kind === 'notify' ? [`${effect.severity} ${effect.message}`] : [],
    );
    expect(told).toMatchInlineSnapshot(`
      [
        "warn shop-new-1: AwaitingApproval: waits for a person to approve",
        "info shop-new-1: Promoted: new is stable",
      ]
    `);
  });

  test('a notice that never reached the outbox is told again (R92)', () => {
    const world = new World();
    world.untilEnd();
    world.observation = { ...world.observation, sent: [] };
    expect(world.tick().effects).toMatchObject([
      { kind: 'notify', id: `u1/notify/${world.state.transitions}` },
    ]);
  });

  test('every state says what it does, what it waits for, who owns that and what comes (R93)', () => {
    const world = new World();
    const said = new Map<string, unknown>();
    world.until((state) => {
      if (!said.has(state.name)) said.set(state.name, describe(state, plan(), world.nowMs));
      return state.name === 'Promoted';
    });
    said.set('Promoted', describe(world.state, plan(), world.nowMs));
    expect(Object.fromEntries(said)).toMatchInlineSnapshot(`
      {
        "Baking": {
          "afterwards": "the old version is replaced",
          "doing": "serves all traffic with the new revision and keeps the old one warm",
          "owner": "metrics",
          "sinceMs": 280000,
          "untilMs": 350000,
          "waitsFor": "the first evaluation",
        },
        "Draining": {
          "afterwards": "the rollout ends as Promoted",
          "doing": "is promoted and removes what is left of the run",
          "owner": "workload",
          "sinceMs": 350000,
          "untilMs": 950000,
          "waitsFor": "stable is rolled from old to new",
        },
        "Holding": {
          "afterwards": "step 2 of 3 (25 %) follows",
          "doing": "holds step 1 of 3 (10 %)",
          "owner": "metrics",
          "sinceMs": 20000,
          "untilMs": 90000,
          "waitsFor": "1m of judged time with passing checks",
        },
        "Pending": {
          "afterwards": "it starts",
          "doing": "has not begun",
          "owner": "controller",
          "sinceMs": 0,
          "untilMs": null,
          "waitsFor": "new is to replace old",
        },
        "Promoted": {
          "afterwards": "nothing",
          "doing": "is promoted",
          "owner": "controller",
          "sinceMs": 380000,
          "untilMs": null,
          "waitsFor": null,
        },
        "Promoting": {
          "afterwards": "the bake follows",
          "doing": "promotes the new revision",
          "owner": "workload",
          "sinceMs": 260000,
          "untilMs": 860000,
          "waitsFor": "4 canary replicas for all traffic",
        },
        "Starting": {
          "afterwards": "the first step begins; at the deadline it is rolled back",
          "doing": "prepares stable and starts the canary",
          "owner": "workload",
          "sinceMs": 0,
          "untilMs": 600000,
          "waitsFor": "1 canary replica of new",
        },
        "Stepping": {
          "afterwards": "the hold begins; it never advances unproven",
          "doing": "goes to step 1 of 3 (10 %)",
          "owner": "data plane",
          "sinceMs": 10000,
          "untilMs": 20000,
          "waitsFor": "step 1 of 3: 10 % to the canary",
        },
      }
    `);
  });
});
