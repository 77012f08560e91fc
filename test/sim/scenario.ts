import type { ServiceSpec } from '../../src/resource/service-spec.ts';
import type { HookPlan, HookType, Plan, Step, Strategy } from '../../src/rollout/plan.ts';
import { examplePlan, exampleSpec, weightStep } from '../fakes/examples.ts';
import type { SeededRandom } from '../fakes/seeded-random.ts';

/** Stands for a secret of the user's: it may reach the application and the webhook's receiver, and nobody else (N15). */
export const secret = 'hunter2-canary-of-the-secret';

const weightLists = [[10, 25, 50], [50], [20, 60], [5, 100], [10, 20]] as const;

/** A service with a random plan of the kinds that people write. Times are short, so that a seed is soon done. */
export function randomSpec(random: SeededRandom, name: string): ServiceSpec {
  const plan = randomPlan(random);
  const spec = exampleSpec(plan, name);
  const flavour = plan.semantics;
  return { ...spec, flavour };
}

function randomPlan(random: SeededRandom): Plan {
  const strategy = random.pick<Strategy>([
    'Canary',
    'Canary',
    'Canary',
    'Canary',
    'BlueGreen',
    'ABTest',
    'Rolling',
    'Recreate',
  ]);
  const semantics = random.chance(0.25) ? 'flagger' : 'sluice';
  const judging = {
    ...examplePlan.judging,
    failureThreshold: random.between(1, 3),
    failAt: semantics === 'flagger' ? 'nextTick' : 'atOnce',
    onNoData: random.pick(['wait', 'wait', 'fail', 'rollback'] as const),
    judge: random.pick(['threshold', 'bet'] as const),
    ...(random.chance(0.3) && { shadow: [random.pick(['threshold', 'likelihood', 'kayenta'] as const)] }),
  } as const;
  return {
    ...examplePlan,
    strategy,
    semantics,
    judging,
    steps: stepsOf(random, strategy),
    hooks: random.chance(0.35) ? randomHooks(random) : [],
    promotion: strategy !== 'BlueGreen' && random.chance(0.3) ? 'rolling' : 'bake',
    bakeMs: random.pick([0, 20_000, 40_000]),
    skipAnalysis: random.chance(0.05),
    waitsForForecast: judging.judge === 'bet' && random.chance(0.7),
    onInconclusive: random.pick(['hold', 'hold', 'rollback', 'advance'] as const),
    canarySize: random.pick(['full', 'share'] as const),
    replicas: random.between(1, 4),
    roll: {
      kind: strategy === 'Recreate' ? 'recreate' : 'rolling',
      maxSurge: random.between(1, 2),
      maxUnavailable: 0,
      minReadySeconds: random.pick([0, 0, 5]),
    },
    drainMs: random.pick([2_000, 10_000]),
    approvalBeforePromotion: random.chance(0.15),
    slowAfterMs: random.chance(0.3) ? 120_000 : null,
  };
}

function stepsOf(random: SeededRandom, strategy: Strategy): readonly Step[] {
  const holdMs = random.pick([10_000, 20_000, 30_000]);
  const details = {
    minRequests: random.chance(0.2) ? 50 : 0,
    approval: random.chance(0.1),
    maxMs: random.chance(0.4) ? 120_000 : null,
  };
  if (strategy === 'Rolling' || strategy === 'Recreate') return [];
  if (strategy === 'ABTest') return [{ ...weightStep(0, holdMs), ...details, routing: { kind: 'match' } }];
  if (strategy === 'BlueGreen')
    return [{ ...weightStep(0, holdMs), ...details, minRequests: 0, routing: { kind: 'none' } }];
  const weights = random
    .pick<readonly number[]>(weightLists)
    .map((weight) => ({ ...weightStep(weight, holdMs), ...details }));
  const mirror: Step = { ...weightStep(0, holdMs), routing: { kind: 'mirror', percent: 10 } };
  return random.chance(0.15) ? [mirror, ...weights] : weights;
}

const hookTypes: readonly HookType[] = [
  'confirm-rollout',
  'pre-rollout',
  'rollout',
  'confirm-traffic-increase',
  'confirm-promotion',
  'post-rollout',
  'rollback',
  'event',
];

function randomHooks(random: SeededRandom): readonly HookPlan[] {
  return hookTypes.flatMap((type) => (random.chance(0.35) ? [hookOf(random, type)] : []));
}

function hookOf(random: SeededRandom, type: HookType): HookPlan {
  return {
    name: type,
    type,
    url: `http://hooks.test/${secret}`,
    timeoutMs: 2_000,
    retries: 0,
    metadata: { token: secret },
    muteAlert: false,
    deadlineMs: random.chance(0.3) ? 90_000 : null,
    onDeadline: random.pick(['rollback', 'advance'] as const),
  };
}
