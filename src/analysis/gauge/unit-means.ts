import type { Sample } from '../block.ts';

/**
 * Mean of one pod's gauge, the faded number of readings behind it, and the instant of the last. Readings fade by a factor e a
 * window: about the mean over one window, without a memory of each reading.
 */
export type UnitMean = readonly [mean: number, weight: number, lastAtMs: number];

/** By pod. */
export type UnitMeans = Readonly<Record<string, UnitMean>>;

export interface ArmMeans {
  readonly canary: UnitMeans;
  readonly stable: UnitMeans;
}

/** Pods of an arm that are followed; more of them would tell nothing new. */
export const mostUnits = 64;

export const noMeans: ArmMeans = { canary: {}, stable: {} };

/** Takes the readings of one gauge check. Those without arm or pod, without a finite value or out of order say nothing. */
export function takeReadings(
  means: ArmMeans,
  samples: readonly Sample[],
  settings: { readonly windowMs: number; readonly forgetMs: number },
): ArmMeans {
  const arms = {
    canary: new Map(Object.entries(means.canary)),
    stable: new Map(Object.entries(means.stable)),
  };
  for (const { arm, unit, atMs, value } of samples) {
    if (arm === undefined || unit === undefined || value === null || !Number.isFinite(value)) continue;
    const units = arms[arm];
    const before = units.get(unit);
    if (before !== undefined && atMs <= before[2]) continue;
    if (before === undefined && units.size >= mostUnits) forget(units, atMs - settings.forgetMs);
    if (before === undefined && units.size >= mostUnits) continue;
    const kept = before === undefined ? 0 : Math.exp((before[2] - atMs) / settings.windowMs);
    const [mean, weight] = before ?? [value, 0];
    const next = weight * kept + 1;
    units.set(unit, [short(mean + (value - mean) / next), short(next), atMs]);
  }
  return { canary: Object.fromEntries(arms.canary), stable: Object.fromEntries(arms.stable) };
}

/** Means of the pods that were read after `oldestMs`: the others are gone. */
export function currentMeans(units: UnitMeans, oldestMs: number): readonly number[] {
  return Object.values(units).flatMap(([mean, , lastAtMs]) => (lastAtMs > oldestMs ? [mean] : []));
}

function forget(units: Map<string, UnitMean>, oldestMs: number): void {
  for (const [unit, [, , lastAtMs]] of units) if (lastAtMs <= oldestMs) units.delete(unit);
}

/** Nine digits are enough for a mean, and keep the state small. */
function short(value: number): number {
  return Number(value.toPrecision(9));
}
