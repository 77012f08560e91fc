import type { ArmCounts, Block } from '../block.ts';
import { type HistoryBlock, type PodServed, type RolloutCourse, stepAt, sumCounts } from './history.ts';
import { hypergeometric, shuffled, type Uniform } from './seeded-random.ts';

/** The two arms of a rollout that a judge is shown. */
export type Arms =
  /** As they were: a recorded rollout. */
  | { readonly kind: 'recorded'; readonly blocks: readonly Block[] }
  /** Some of stable's pods in the canary's role. */
  | { readonly kind: 'pods'; readonly blocks: readonly Block[] }
  /**
   * Pods are not told apart: `whole` has everything as the canary, for the absolute limits; `split` has a random part of the requests as
   * the canary, for the comparison. No split can show how pods differ, or that errors come in clusters.
   */
  | { readonly kind: 'split'; readonly whole: readonly Block[]; readonly split: readonly Block[] };

/** Gives a pseudo-rollout its arms: by pods where at least two served from its beginning, else by a split of the counts. */
export function pseudoArms(blocks: readonly HistoryBlock[], course: RolloutCourse, uniform: Uniform): Arms {
  const names = (blocks[0]?.pods ?? []).flatMap(({ pod, counts }) => (counts.requests > 0 ? [pod] : []));
  return names.length >= 2
    ? { kind: 'pods', blocks: byPods(blocks, shuffled(names.toSorted(), uniform), course) }
    : bySplit(blocks, course, uniform);
}

/** At each step as many pods as the real canary would have, in one random order; at least one pod stays stable. */
function byPods(
  blocks: readonly HistoryBlock[],
  order: readonly string[],
  course: RolloutCourse,
): readonly Block[] {
  return blocks.map(({ atMs, durationMs, pods }) => {
    const share = shareAt(blocks, atMs - durationMs, course);
    const size = Math.min(order.length - 1, Math.max(1, Math.ceil(order.length * share - 1e-9)));
    const chosen = new Set(order.slice(0, size));
    return blockOf(
      atMs,
      durationMs,
      armOf(pods.filter(({ pod }) => chosen.has(pod))),
      armOf(pods.filter(({ pod }) => !chosen.has(pod))),
    );
  });
}

function armOf(pods: readonly PodServed[]): ArmCounts | null {
  const sum = sumCounts(pods.map(({ counts }) => counts));
  if (sum === null) return null;
  const own = pods.map(({ pod, counts: { requests, errors } }) => [pod, { requests, errors }] as const);
  return { ...sum, pods: Object.fromEntries(own) };
}

function bySplit(blocks: readonly HistoryBlock[], course: RolloutCourse, uniform: Uniform): Arms {
  const whole: Block[] = [];
  const split: Block[] = [];
  for (const { atMs, durationMs, pods } of blocks) {
    const all = sumCounts(pods.map(({ counts }) => counts));
    whole.push(blockOf(atMs, durationMs, all, null));
    const share = shareAt(blocks, atMs - durationMs, course);
    const [canary, stable] = all === null ? [null, null] : splitCounts(all, share, uniform);
    split.push(blockOf(atMs, durationMs, canary, stable));
  }
  return { kind: 'split', whole, split };
}

/** Draws `share` of the requests without putting back, with their errors and their latencies (each for itself). */
export function splitCounts(
  all: ArmCounts,
  share: number,
  uniform: Uniform,
): readonly [ArmCounts, ArmCounts] {
  const requests = Math.min(all.requests, Math.floor(all.requests * share + uniform()));
  // A retried attempt is an error of its own, so that there may be more of them than requests.
  const attempts = Math.max(all.requests, all.errors);
  const drawn = Math.round((attempts * requests) / Math.max(1, all.requests));
  const errors = hypergeometric(attempts, all.errors, drawn, uniform);
  const rest = { requests: all.requests - requests, errors: all.errors - errors };
  if (all.latency === undefined) return [{ requests, errors }, rest];
  const { unit, bounds, cumulative } = all.latency;
  const own = splitCumulative(cumulative, all.requests, requests, uniform);
  const others = cumulative.map((count, index) => count - (own[index] ?? 0));
  return [
    { requests, errors, latency: { unit, bounds, cumulative: own } },
    { ...rest, latency: { unit, bounds, cumulative: others } },
  ];
}

function splitCumulative(
  cumulative: readonly number[],
  population: number,
  draws: number,
  uniform: Uniform,
): readonly number[] {
  let before = 0;
  let drawn = 0;
  return cumulative.map((count) => {
    drawn += hypergeometric(population - before, count - before, draws - drawn, uniform);
    before = count;
    return drawn;
  });
}

function shareAt(blocks: readonly HistoryBlock[], fromMs: number, course: RolloutCourse): number {
  const startMs = (blocks[0]?.atMs ?? 0) - (blocks[0]?.durationMs ?? 0);
  return course.steps[stepAt(course, fromMs - startMs)]?.share ?? 0.5;
}

function blockOf(
  atMs: number,
  durationMs: number,
  canary: ArmCounts | null,
  stable: ArmCounts | null,
): Block {
  return {
    atMs,
    durationMs,
    ...(canary === null ? null : { canary }),
    ...(stable === null ? null : { stable }),
  };
}
