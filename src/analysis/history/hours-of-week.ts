import { type CountedShare, countedShare } from './bounds.ts';

export interface WeekHour {
  /** 0 is Sunday, UTC. */
  readonly day: number;
  readonly hour: number;
  readonly rolledBack: CountedShare;
}

/** `hours`: those in which healthy rollouts were rolled back, most often first. */
export type HoursOfWeek =
  | { readonly kind: 'tooShort'; readonly days: number }
  | { readonly kind: 'compared'; readonly hours: readonly WeekHour[]; readonly hoursSeen: number };

const dayMs = 86_400_000;
/** Below two weeks no hour of the week is seen twice. */
export const leastDays = 14;

/** How often healthy rollouts are rolled back by the hour of the week, UTC, in which they begin. */
export function hoursOfWeek(
  rollouts: readonly { readonly startMs: number; readonly rolledBack: boolean }[],
): HoursOfWeek {
  const starts = rollouts.map(({ startMs }) => startMs);
  const days = starts.length === 0 ? 0 : (Math.max(...starts) - Math.min(...starts)) / dayMs;
  // The last rollout begins before the history ends.
  if (days < leastDays - 1) return { kind: 'tooShort', days: Math.round(days) };
  const byHour = Map.groupBy(rollouts, ({ startMs }) => Math.floor(startMs / 3_600_000) % 168);
  const hours = [...byHour].flatMap(([index, own]): readonly WeekHour[] => {
    const count = own.filter(({ rolledBack }) => rolledBack).length;
    // The epoch began on a Thursday.
    const day = (Math.floor(index / 24) + 4) % 7;
    return count === 0 ? [] : [{ day, hour: index % 24, rolledBack: countedShare(count, own.length) }];
  });
  return {
    kind: 'compared',
    hours: hours.toSorted(
      (a, b) =>
        b.rolledBack.count / b.rolledBack.of - a.rolledBack.count / a.rolledBack.of ||
        a.day - b.day ||
        a.hour - b.hour,
    ),
    hoursSeen: byHour.size,
  };
}
