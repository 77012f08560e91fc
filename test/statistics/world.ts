import type { ArmCounts, Block } from '../../src/analysis/block.ts';
import {
  type ArmReading,
  type CounterCursor,
  type CounterReading,
  differenceCounters,
} from '../../src/analysis/counters.ts';
import type { Random } from './random.ts';

/** How errors come: one by one, in bursts that hit one arm within one block, or with a rate of its own for each pod and block. */
export type Clusters =
  | { readonly kind: 'independent' }
  | { readonly kind: 'bursts'; readonly size: number }
  | { readonly kind: 'geometricBursts'; readonly mean: number }
  | { readonly kind: 'podRates'; readonly correlation: number };

/** A service under a rollout. Shares are 0 to 1. */
export interface World {
  readonly rps: number;
  readonly blockSeconds: number;
  readonly blocks: number;
  /** Canary weight, 0 to 1, from each block on. */
  readonly weights: readonly (readonly [fromBlock: number, weight: number])[];
  readonly canaryError: number;
  readonly stableError: number;
  /** Until this block the canary is as good as stable. */
  readonly onsetBlock?: number;
  readonly clusters: Clusters;
  /** Blocks in which both arms fail `factor` times as often. */
  readonly outage?: { readonly fromBlock: number; readonly toBlock: number; readonly factor: number };
  /** Persistent factor of each pod's error rate, log-normal. */
  readonly podSpread?: number;
  /** Chance for each block and pod: its counters start anew; its reading is missed; a new pod joins it. */
  readonly resets?: number;
  readonly gaps?: number;
  readonly births?: number;
  /** The same for pods of the canary; `births` are stable's. */
  readonly canaryBirths?: number;
  readonly latency?: {
    readonly medianSeconds: number;
    readonly sigma: number;
    readonly canaryFactor: number;
    readonly bounds: readonly number[];
  };
}

const podsOf = { canary: 1, stable: 3 } as const;
type Arm = keyof typeof podsOf;
/** Midnight of a day of no importance. */
export const beginMs = 1_767_225_600_000;

interface Pod {
  id: number;
  readonly arm: Arm;
  readonly factor: number;
  startedAtMs: number;
  requests: number;
  errors: number;
  cumulative: number[];
}

/** The blocks that a judge reads: pods count, counters are scraped and differenced, with resets, births and gaps on the way. */
export function* blocksOf(world: World, random: Random): Generator<Block> {
  const shares = world.latency ? boundShares(world.latency) : null;
  let nextId = 0;
  const pods: Pod[] = (['canary', 'stable'] as const).flatMap((arm) =>
    Array.from({ length: podsOf[arm] }, () => newPod(arm, nextId++, beginMs, world, random)),
  );
  let cursor: CounterCursor | null =
    differenceCounters(null, readingsOf(pods, beginMs, world, 0, random))?.cursor ?? null;
  for (let index = 0; index < world.blocks; index += 1) {
    const atMs = beginMs + (index + 1) * world.blockSeconds * 1000;
    const weight = weightAt(world, index);
    if (random.uniform() < (world.births ?? 0))
      pods.push(newPod('stable', nextId++, atMs - world.blockSeconds * 500, world, random));
    // Only where it is asked for: other worlds keep their sequence of random numbers.
    if (world.canaryBirths !== undefined && random.uniform() < world.canaryBirths)
      pods.push(newPod('canary', nextId++, atMs - world.blockSeconds * 500, world, random));
    for (const pod of pods) {
      if (random.uniform() < (world.resets ?? 0)) reset(pod, atMs - world.blockSeconds * 1000);
      const siblings = pods.filter(({ arm }) => arm === pod.arm).length;
      const share = pod.arm === 'canary' ? weight : 1 - weight;
      serve(
        pod,
        (world.rps * world.blockSeconds * share) / siblings,
        rateOf(world, pod, index),
        world,
        shares,
        random,
      );
    }
    const step = differenceCounters(cursor, readingsOf(pods, atMs, world, world.gaps ?? 0, random));
    cursor = step?.cursor ?? cursor;
    if (step !== null && step.block !== null) yield step.block;
  }
}

function newPod(arm: Arm, id: number, startedAtMs: number, world: World, random: Random): Pod {
  const factor = world.podSpread === undefined ? 1 : Math.exp(world.podSpread * random.normal());
  return {
    id,
    arm,
    factor,
    startedAtMs,
    requests: 0,
    errors: 0,
    cumulative: (world.latency?.bounds ?? []).map(() => 0),
  };
}

function reset(pod: Pod, atMs: number): void {
  pod.startedAtMs = atMs;
  pod.requests = 0;
  pod.errors = 0;
  pod.cumulative = pod.cumulative.map(() => 0);
}

function weightAt(world: World, index: number): number {
  let weight = 0;
  for (const [fromBlock, value] of world.weights) if (index >= fromBlock) weight = value;
  return weight;
}

function rateOf(world: World, pod: Pod, index: number): number {
  const bad = pod.arm === 'canary' && index >= (world.onsetBlock ?? 0);
  const { outage } = world;
  const shared = outage && index >= outage.fromBlock && index < outage.toBlock ? outage.factor : 1;
  return Math.min(1, (bad ? world.canaryError : world.stableError) * shared * pod.factor);
}

function serve(
  pod: Pod,
  expected: number,
  rate: number,
  world: World,
  shares: Readonly<Record<Arm, readonly number[]>> | null,
  random: Random,
): void {
  const requests = random.poisson(expected);
  pod.requests += requests;
  pod.errors += failures(requests, rate, world.clusters, random);
  if (shares === null) return;
  let left = requests;
  let within = 0;
  let below = 0;
  for (const [index, share] of shares[pod.arm].entries()) {
    const fresh =
      left === 0 || share <= below ? 0 : random.binomial(left, Math.min(1, (share - below) / (1 - below)));
    left -= fresh;
    within += fresh;
    below = share;
    pod.cumulative[index] = (pod.cumulative[index] ?? 0) + within;
  }
}

export function failures(requests: number, rate: number, clusters: Clusters, random: Random): number {
  switch (clusters.kind) {
    case 'independent':
      return random.binomial(requests, rate);
    case 'bursts':
      return Math.min(requests, clusters.size * random.poisson((requests * rate) / clusters.size));
    case 'geometricBursts': {
      let sum = 0;
      for (let left = random.poisson((requests * rate) / clusters.mean); left > 0; left -= 1)
        sum += random.geometric(clusters.mean);
      return Math.min(requests, sum);
    }
    case 'podRates': {
      const strength = 1 / clusters.correlation - 1;
      return random.binomial(requests, random.beta(rate * strength, (1 - rate) * strength));
    }
  }
}

/** Each arm in as many sources as it has pods; one that is missed stays as it was, unless it is the only one. */
function readingsOf(
  pods: readonly Pod[],
  atMs: number,
  world: World,
  gaps: number,
  random: Random,
): readonly CounterReading[] {
  if (gaps > 0 && random.uniform() < gaps) return [];
  return pods.map((pod) => {
    const reading: ArmReading = {
      requests:
        pod.errors === 0 ? { ok: pod.requests } : { ok: pod.requests - pod.errors, '5xx': pod.errors },
      errors: pod.errors === 0 ? {} : { '5xx': pod.errors },
      latency: world.latency ? { bounds: world.latency.bounds, cumulative: pod.cumulative.slice() } : null,
    };
    return {
      source: `pod-${pod.id}`,
      atMs,
      startedAtMs: pod.startedAtMs,
      canary: pod.arm === 'canary' ? reading : null,
      stable: pod.arm === 'stable' ? reading : null,
    };
  });
}

function boundShares(latency: NonNullable<World['latency']>): Readonly<Record<Arm, readonly number[]>> {
  const at = (factor: number): readonly number[] =>
    latency.bounds.map((bound) =>
      normalShare(Math.log(bound / (latency.medianSeconds * factor)) / latency.sigma),
    );
  return { canary: at(latency.canaryFactor), stable: at(1) };
}

/** Φ(z) to 1e-7 (Abramowitz and Stegun 26.2.17): enough to draw from. */
function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    0.3989422804 *
    Math.exp((-z * z) / 2) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z > 0 ? 1 - tail : tail;
}

/** The same blocks without counters in between: quicker, for worlds in which nothing restarts. */
export function* plainBlocksOf(world: World, random: Random): Generator<Block> {
  for (let index = 0; index < world.blocks; index += 1) {
    const weight = weightAt(world, index);
    const arm = (name: Arm): ArmCounts => {
      const share = name === 'canary' ? weight : 1 - weight;
      let requests = 0;
      let errors = 0;
      const count = world.clusters.kind === 'podRates' ? podsOf[name] : 1;
      for (let pod = 0; pod < count; pod += 1) {
        const own = random.poisson((world.rps * world.blockSeconds * share) / count);
        requests += own;
        const rate = rateOf(world, { arm: name, factor: 1 } as Pod, index);
        errors += failures(own, rate, world.clusters, random);
      }
      return { requests, errors };
    };
    const atMs = beginMs + (index + 1) * world.blockSeconds * 1000;
    yield { atMs, durationMs: world.blockSeconds * 1000, canary: arm('canary'), stable: arm('stable') };
  }
}
