import type { World } from '../../test/statistics/world.ts';

export const limit = 0.001;
/** prom-client's default buckets. */
export const clientBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One cell of the grid: many rollouts in one world. */
export interface Cell {
  readonly name: string;
  /** `same`: the canary is as good as stable; `shown`: the same, but outside of what is promised; `bad`: it is to be found. */
  readonly kind: 'same' | 'shown' | 'bad';
  readonly rps: number;
  readonly world: World;
  readonly checks: 'errors' | 'latency' | 'both';
  /** Whether rivals judge the same traces. */
  readonly compared: boolean;
}

function worldAt(rps: number, change: Partial<World>): World {
  return {
    rps,
    blockSeconds: 5,
    blocks: 360,
    weights: [[0, 0.1]],
    canaryError: limit / 2,
    stableError: limit / 2,
    clusters: { kind: 'independent' },
    // Every trace is read from counters of pods that now and then restart, join late or are missed.
    resets: 0.0005,
    births: 0.002,
    gaps: 0.005,
    ...change,
  };
}

const fineWorlds: readonly (readonly [string, Partial<World>])[] = [
  ['independent', {}],
  ['bursts of 3', { clusters: { kind: 'bursts', size: 3 } }],
  ['bursts of 10', { clusters: { kind: 'bursts', size: 10 } }],
  ['bursts of 30', { clusters: { kind: 'bursts', size: 30 } }],
  ['shared outages', { outage: { fromBlock: 150, toBlock: 174, factor: 50 } }],
  // Mild, and at equal weights: the canary is then the first to be noticed as often as stable.
  [
    'mild shared outages at 50 %',
    { weights: [[0, 0.5]], outage: { fromBlock: 150, toBlock: 174, factor: 10 } },
  ],
  [
    'weight changes',
    {
      weights: [
        [0, 0.1],
        [60, 0.25],
        [180, 0.5],
      ],
    },
  ],
  ['resets', { resets: 0.02, births: 0.01, gaps: 0.1 }],
];

const badErrors = [0.005, 0.01, 0.05, 0.5] as const;

export function gridOf(levels: readonly number[]): readonly Cell[] {
  return levels.flatMap((rps) => [
    ...[0.2, 0.5, 0.9].flatMap((part) =>
      fineWorlds.map(
        ([name, change]): Cell => ({
          name: `${part} of the limit, ${name}`,
          kind: 'same',
          rps,
          world: worldAt(rps, { canaryError: part * limit, stableError: part * limit, ...change }),
          checks: 'errors',
          compared: name === 'independent',
        }),
      ),
    ),
    ...[0.2, 0.5].map(
      (podSpread): Cell => ({
        name: `pods that differ, log-sd ${podSpread}`,
        kind: 'shown',
        rps,
        world: worldAt(rps, { podSpread }),
        checks: 'errors',
        compared: false,
      }),
    ),
    ...badErrors.map((canaryError): Cell => bad(rps, `${canaryError * 100} % errors`, { canaryError }, true)),
    ...[144, 300].map(
      (onsetBlock): Cell =>
        bad(rps, `1 % errors from minute ${onsetBlock / 12} on`, { canaryError: 0.01, onsetBlock }, true),
    ),
  ]);
}

function bad(rps: number, name: string, change: Partial<World>, compared: boolean): Cell {
  return { name, kind: 'bad', rps, world: worldAt(rps, change), checks: 'errors', compared };
}

/** 100 rps, 10 %, log-normal latency with a median of 200 ms, default client buckets. */
export const latencyCells: readonly Cell[] = [1, 1.1, 1.5, 2].flatMap((canaryFactor) =>
  (canaryFactor === 1 || canaryFactor === 2 ? (['latency', 'both'] as const) : (['latency'] as const)).map(
    (checks): Cell => ({
      name: `latency x ${canaryFactor}${checks === 'both' ? ', errors judged too' : ''}`,
      kind: canaryFactor === 1 ? 'same' : 'bad',
      rps: 100,
      world: worldAt(100, {
        latency: { medianSeconds: 0.2, sigma: 0.8, canaryFactor, bounds: clientBounds },
      }),
      checks,
      compared: false,
    }),
  ),
);
