import type { Limit } from './judge.ts';

/** How a check's values are printed: `value × scale`, then the unit. */
export interface Shown {
  readonly unit: string;
  readonly scale: number;
}

/** A limit's bound as people wrote it: no rounding noise from the scale. */
export function showBound(bound: number, shown: Shown): string {
  return withUnit(String(scaleBound(bound, shown)), shown);
}

/**
 * A value with as few digits as needed so that it lies visibly on its own side of every bound: 0.1004 against 0.1 is
 * `0.1004`, not `0.1`. Where no digits are enough the words say on which side it lies.
 */
export function showValue(value: number, limit: Limit, shown: Shown): string {
  const bounds = [limit.min, limit.max].filter(
    (bound) => bound !== undefined && bound !== value,
  ) as readonly number[];
  const scaled = value * shown.scale;
  // The largest number stands for infinity, which JSON cannot hold.
  if (!Number.isFinite(scaled) || Math.abs(value) === Number.MAX_VALUE) {
    return withUnit(value < 0 ? '-Infinity' : 'Infinity', shown);
  }
  const hides = (rounded: number): number | undefined =>
    bounds.find((bound) => Math.sign(rounded - scaleBound(bound, shown)) !== Math.sign(value - bound));
  let rounded = scaled;
  for (let digits = Math.abs(scaled) < 1 ? 3 : 2; digits <= 15; digits += 1) {
    rounded = Number(scaled.toFixed(digits));
    if (hides(rounded) === undefined) return withUnit(String(rounded), shown);
  }
  const near = hides(rounded);
  return near === undefined
    ? withUnit(String(rounded), shown)
    : `just ${value > near ? 'above' : 'below'} ${showBound(near, shown)}`;
}

/** `at most 1 %`, `at least 99 %`, `between 1 s and 2 s`. */
export function showLimit(limit: Limit, shown: Shown): string {
  if (limit.min !== undefined && limit.max !== undefined) {
    return `between ${showBound(limit.min, shown)} and ${showBound(limit.max, shown)}`;
  }
  if (limit.max !== undefined) return `at most ${showBound(limit.max, shown)}`;
  return limit.min === undefined ? 'any value' : `at least ${showBound(limit.min, shown)}`;
}

function scaleBound(bound: number, shown: Shown): number {
  return Number((bound * shown.scale).toPrecision(12));
}

function withUnit(text: string, shown: Shown): string {
  return shown.unit === '' ? text : `${text} ${shown.unit}`;
}
