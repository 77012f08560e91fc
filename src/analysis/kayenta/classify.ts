import type { KayentaCheck } from '../judge.ts';
import { rankSum } from '../ranks/rank-sum.ts';
import { normalQuantile } from '../special/normal.ts';
import { shiftInterval } from './shift-interval.ts';

export type Classification = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric' | 'Error';

export interface Classified {
  readonly classification: Classification;
  /** It makes the whole score 0. */
  readonly critical: boolean;
  /** Canary against baseline; null: not known. */
  readonly effect: number | null;
}

/** Both are fixed in Kayenta's `NetflixACAJudge`. */
const confidence = 0.98;
const slack = 0.25;

/** One metric as Kayenta's judge classifies it; samples may be NaN. Model: `kayenta-judge` of spinnaker/kayenta. */
export function classify(
  canary: readonly number[],
  baseline: readonly number[],
  settings: KayentaCheck,
): Classified {
  const own = prepare(canary, settings);
  const other = prepare(baseline, settings);
  const critical = settings.critical ?? false;
  const result = (
    classification: Classification,
    effect: number | null = null,
    isCritical = critical,
  ): Classified => ({
    classification,
    critical: isCritical && classification !== 'Pass',
    effect,
  });
  if (own.length === 0 || other.length === 0) {
    if (settings.nanStrategy === 'replace') return result('Pass');
    return result(settings.mustHaveData === true && !critical ? 'NodataFailMetric' : 'Nodata');
  }
  if (sameValues(own, other) || new Set([...own, ...other]).size === 1) return result('Pass', 1);
  const constant = isConstant(own) && isConstant(other);
  const x = constant ? withNoise(own, 0) : own;
  const y = constant ? withNoise(other, own.length) : other;
  const interval = shiftInterval(x, y, confidence);
  if (interval === null) return result('Error');
  const measure = settings.effectSize?.measure ?? 'meanRatio';
  const effect = measure === 'cles' ? rankSum(own, other).cles : meanRatio(own, other);
  const neutral = measure === 'cles' ? 0.5 : 1;
  const { direction = 'either', effectSize = {} } = settings;
  const { allowedIncrease = neutral, allowedDecrease = neutral } = effectSize;
  const margin = slack * Math.abs(interval.estimate);
  if (direction !== 'decrease' && interval.low > margin && (effect === null || effect >= allowedIncrease)) {
    return result(
      'High',
      effect,
      critical && (effect === null || effect >= (effectSize.criticalIncrease ?? neutral)),
    );
  }
  if (direction !== 'increase' && interval.high < -margin && (effect === null || effect <= allowedDecrease)) {
    return result(
      'Low',
      effect,
      critical && (effect === null || effect <= (effectSize.criticalDecrease ?? neutral)),
    );
  }
  return result('Pass', effect);
}

/** NaN first, then outliers. */
export function prepare(samples: readonly number[], settings: KayentaCheck): readonly number[] {
  const numbers =
    settings.nanStrategy === 'replace'
      ? samples.map((value) => (Number.isNaN(value) ? 0 : value))
      : samples.filter((value) => !Number.isNaN(value));
  const { outliers } = settings;
  if (outliers?.strategy !== 'remove' || numbers.length === 0) return numbers;
  const sorted = numbers.toSorted((a, b) => a - b);
  const [q1, q3] = [percentile(sorted, 0.25), percentile(sorted, 0.75)];
  const reach = (outliers.factor ?? 3) * (q3 - q1);
  const low = Math.min(percentile(sorted, 0.01), q1 - reach);
  const high = Math.max(percentile(sorted, 0.99), q3 + reach);
  return numbers.filter((value) => value >= low && value <= high);
}

/** linear between order statistics. */
export function percentile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  return below + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] ?? below) - below);
}

/** null where either mean is 0: then the size of the effect is not looked at. */
function meanRatio(own: readonly number[], other: readonly number[]): number | null {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [mean(own), mean(other)];
  return a === 0 || b === 0 ? null : a / b;
}

function sameValues(a: readonly number[], b: readonly number[]): boolean {
  const sorted = b.toSorted((x, y) => x - y);
  return (
    a.length === b.length && a.toSorted((x, y) => x - y).every((value, index) => value === sorted[index])
  );
}

function isConstant(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}

/** Gaussian, with a deviation of 1e-5 of the value; from a fixed sequence, so that a replay gives the same. */
function withNoise(values: readonly number[], offset: number): readonly number[] {
  const golden = 0.6180339887498949;
  return values.map(
    (value, index) => value + 1e-5 * value * normalQuantile(((index + offset + 0.5) * golden) % 1),
  );
}
