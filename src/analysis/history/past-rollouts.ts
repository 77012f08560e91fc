import type { History, RolloutCourse } from './history.ts';
import { lengthOf } from './history.ts';
import type { PastRollout } from './judge-rollout.ts';
import { pseudoArms } from './pseudo-arms.ts';
import { cutHistory, type Hours, type LeftOut } from './pseudo-rollouts.ts';
import { seededUniform } from './seeded-random.ts';

export interface CutHistory {
  readonly rollouts: readonly PastRollout[];
  /** Blocks that are in no rollout, by why. */
  readonly leftOut: Readonly<Record<LeftOut, number>>;
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** Makes pseudo-rollouts of the plan's length from a history. The same seed gives the same arms to the same stretch of time. */
export function rolloutsOf(
  history: History,
  course: RolloutCourse,
  options: { readonly seed: number; readonly hours?: Hours },
): CutHistory {
  const { blocks } = history;
  const { hours, seed } = options;
  const cut = cutHistory(blocks, { lengthMs: lengthOf(course), ...(hours && { hours }) });
  const rollouts = cut.rollouts.map((stretch): PastRollout => {
    const [first] = stretch;
    const startMs = first === undefined ? 0 : first.atMs - first.durationMs;
    const uniform = seededUniform(Math.imul(seed + 1, 0x9e3779b1) ^ Math.floor(startMs / 1000));
    return { startMs, file: null, arms: pseudoArms(stretch, course, uniform) };
  });
  const { gap, otherHours, noTraffic, rest } = cut.leftOut;
  const [first] = blocks;
  return {
    rollouts,
    leftOut: {
      gap: gap.length,
      otherHours: otherHours.length,
      noTraffic: noTraffic.length,
      rest: rest.length,
    },
    fromMs: first === undefined ? null : first.atMs - first.durationMs,
    toMs: blocks.at(-1)?.atMs ?? null,
  };
}

/** Which of the rollouts, in order of time, are looked at: the first, third … are `odd`. */
export type Half = 'odd' | 'even' | 'all';

/** Settings are found on one half and reported on the other: on its own half every setting looks good. */
export function halfOf(rollouts: readonly PastRollout[], half: Half): readonly PastRollout[] {
  const ordered = rollouts.toSorted((a, b) => a.startMs - b.startMs);
  if (half === 'all') return ordered;
  return ordered.filter((_, index) => (index % 2 === 0) === (half === 'odd'));
}
