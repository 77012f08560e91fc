import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTerminal } from './lifecycle.ts';
import type { VerdictKind } from '../analysis/judge.ts';
import type { ActionKind, ArmObservation, HookAnswerKind, Observation } from './observation.ts';
import type { HookType, Plan, Routing } from './plan.ts';
import { arm, hook, observation, step } from './testing/fixtures.ts';
import { World } from './testing/world.ts';

const routing: fc.Arbitrary<Routing> = fc.oneof(
  fc.constantFrom(0, 1, 10, 25, 50, 100).map((weightPercent) => ({ kind: 'weight' as const, weightPercent })),
  fc.constantFrom<Routing>({ kind: 'match' }, { kind: 'none' }, { kind: 'mirror', percent: 50 }),
);

const steps = fc.oneof(
  fc.constant([step(10), step(25), step(50)]),
  fc.constant([step(50, { approval: true, maxMs: 90_000 })]),
  fc.constant([step(0, { routing: { kind: 'none' } })]),
  fc.constant([step(0, { routing: { kind: 'match' } })]),
  fc.constant([
    step(0, { routing: { kind: 'mirror', percent: 100 } }),
    step(20, { minRequests: 10_000, maxMs: 60_000 }),
  ]),
);

const hookTypes: readonly HookType[] = [
  'confirm-rollout',
  'pre-rollout',
  'rollout',
  'confirm-traffic-increase',
  'confirm-promotion',
  'post-rollout',
  'rollback',
];

const planPatch: fc.Arbitrary<Partial<Plan>> = fc
  .record({
    strategy: fc.constantFrom<Plan['strategy']>('Canary', 'BlueGreen', 'ABTest', 'Rolling', 'Recreate'),
    steps,
    promotion: fc.constantFrom<Plan['promotion']>('bake', 'rolling'),
    bakeMs: fc.constantFrom(0, 30_000),
    skipAnalysis: fc.boolean(),
    onInconclusive: fc.constantFrom<Plan['onInconclusive']>('hold', 'rollback', 'advance'),
    canarySize: fc.constantFrom<Plan['canarySize']>('full', 'share'),
    approvalBeforePromotion: fc.boolean(),
    hooks: fc
      .subarray([...hookTypes], { maxLength: 3 })
      .chain((types) =>
        fc.tuple(
          ...types.map((type) =>
            fc.constantFrom(
              hook(type),
              hook(type, { deadlineMs: 60_000, onDeadline: 'advance' }),
              hook(type, { deadlineMs: 60_000 }),
            ),
          ),
        ),
      ),
  })
  .map((plan) =>
    plan.strategy === 'Rolling' || plan.strategy === 'Recreate' ? { ...plan, steps: [] } : plan,
  );

function armObservation(replicas: number): fc.Arbitrary<ArmObservation | null> {
  return fc.option(
    fc
      .record({
        revision: fc.constantFrom('old', 'new', 'other', null),
        replicas: fc.constantFrom(0, 1, replicas, replicas + 2),
        ready: fc.nat(replicas),
        available: fc.nat(replicas),
        readyOfOtherRevisions: fc.nat(2),
        inFlight: fc.constantFrom(0, 3, null),
        restarts: fc.nat(1),
        failure: fc.constantFrom(null, null, null, 'crash loop'),
        floor: fc.constantFrom(0, replicas),
      })
      .map((patch) => arm(patch.revision, patch.replicas, patch)),
    { freq: 6 },
  );
}

/** Any picture at all, sensible or not. */
const anyObservation: fc.Arbitrary<Partial<Observation>> = fc.record(
  {
    wantedRevision: fc.constantFrom('new', 'new', 'new', 'old', 'other', null),
    deleting: fc.constantFrom(false, false, false, true),
    suspended: fc.constantFrom(false, false, false, true),
    stable: armObservation(4),
    canary: armObservation(4),
    route: fc.option(
      fc.record({
        routing,
        tombstone: fc.constantFrom(null, null, null, 'u0', 'u1'),
        inForce: fc.boolean(),
        evidence: fc.constant('programmed' as const),
        foreignWriter: fc.constantFrom(null, null, null, 'kubectl'),
      }),
      { freq: 6 },
    ),
    rebooted: fc.constantFrom(false, false, false, true),
  },
  { requiredKeys: [] },
);

type Disturbance = (world: World) => void;

const actionKinds: readonly ActionKind[] = [
  'promote',
  'advance',
  'pause',
  'resume',
  'rollback',
  'retry',
  'approve',
  'reject',
];
const gentleKinds: readonly ActionKind[] = ['advance', 'pause', 'resume', 'approve', 'promote'];

/** What may happen to a run between two looks. */
const disturbance: fc.Arbitrary<Disturbance> = fc.oneof(
  { weight: 8, arbitrary: fc.nat(8).map((count) => (world: World) => ticks(world, count)) },
  { weight: 4, arbitrary: fc.constantFrom(...gentleKinds).map((kind) => (world: World) => world.act(kind)) },
  { weight: 1, arbitrary: fc.constantFrom(...actionKinds).map((kind) => (world: World) => world.act(kind)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<VerdictKind>('pass', 'suspect', 'noData', 'notEnoughData', 'providerError', 'fail')
      .map((kind) => (world: World) => {
        world.verdictKind = kind;
      }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.boolean(), fc.boolean()).map(([applies, starts]) => (world: World) => {
      world.applies = applies;
      world.starts = starts;
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .dictionary(
        fc.constantFrom(...hookTypes),
        fc.constantFrom<HookAnswerKind>('passed', 'refused', 'failed'),
      )
      .map((answers) => (world: World) => {
        world.answers = answers;
      }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(1_000, 40_000, 700_000)
      .map((gapMs) => (world: World) => void (world.nowMs += gapMs)),
  },
  {
    weight: 2,
    arbitrary: anyObservation.map((patch) => (world: World) => {
      const before = world.observation;
      world.observation = { ...before, ...patch };
      ticks(world, 1);
      world.observation = { ...world.observation, ...pick(before, patch) };
    }),
  },
  {
    weight: 1,
    arbitrary: anyObservation.map((patch) => (world: World) => {
      world.observation = { ...world.observation, ...patch };
    }),
  },
);

function ticks(world: World, count: number): void {
  for (let left = count; left > 0; left -= 1) world.tick();
}

function pick(from: Observation, keys: Partial<Observation>): Partial<Observation> {
  return Object.fromEntries(
    Object.keys(keys).map((key) => [key, from[key as keyof Observation]]),
  ) as Partial<Observation>;
}

/** All faults end: whatever is still wrong is put right, and people answer. */
function calm(world: World): void {
  const { observation: seen, state } = world;
  world.applies = true;
  world.starts = true;
  world.verdictKind = 'pass';
  world.answers = Object.fromEntries(
    hookTypes.filter((type) => type !== 'rollback').map((type) => [type, 'passed' as const]),
  );
  const good = observation();
  world.observation = {
    ...seen,
    wantedRevision: 'new',
    deleting: false,
    suspended: false,
    rebooted: false,
    stable: healed(seen.stable ?? good.stable, state.stable.revision),
    canary: healed(seen.canary ?? good.canary, state.canary.revision),
    route: {
      ...(seen.route ?? good.route ?? seen.route),
      foreignWriter: null,
      inForce: true,
    } as Observation['route'],
  };
  if (state.name === 'Paused') world.act('resume');
  if (state.name === 'AwaitingApproval') world.act('approve');
  if (state.reason === 'inconclusive') world.act('advance');
}

function healed(seen: ArmObservation | null, revision: string): ArmObservation {
  const base = seen ?? arm(revision, 0);
  return {
    ...base,
    ready: base.replicas,
    available: base.replicas,
    readyOfOtherRevisions: 0,
    failure: null,
    restarts: 0,
    inFlight: 0,
  };
}

const runs = 400;

test('whatever is observed, no invariant breaks, and looking again changes nothing', () => {
  fc.assert(
    fc.property(planPatch, fc.array(disturbance, { maxLength: 25 }), (plan, disturbances) => {
      const world = new World({ plan });
      for (const disturb of disturbances) {
        disturb(world);
        world.tick();
      }
    }),
    { numRuns: runs },
  );
});

test('once faults end and people answer, every run ends (N14)', () => {
  fc.assert(
    fc.property(planPatch, fc.array(disturbance, { maxLength: 25 }), (plan, disturbances) => {
      const world = new World({ plan });
      for (const disturb of disturbances) disturb(world);
      for (let count = 0; count < 500 && !isTerminal(world.state); count += 1) {
        calm(world);
        world.tick();
      }
      expect(
        isTerminal(world.state),
        `${world.state.name}/${world.state.phase} ${world.state.reason}: ${JSON.stringify(world.observation)}`,
      ).toBe(true);
    }),
    { numRuns: runs },
  );
});
