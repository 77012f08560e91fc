import { formatDuration } from '../../lib/duration.ts';
import { badOf, type QuantileMeaning, type QueryMeaning, type RatioMeaning } from '../promql/meaning.ts';
import { printSelector } from '../promql/print.ts';

export interface Bounds {
  readonly min: number | null;
  readonly max: number | null;
}

/** An objective as it is written: the limit with its unit, and the raw selectors behind it. */
export type WrittenObjective =
  | { readonly limit: string; readonly total: string; readonly bad: string }
  | { readonly limit: string; readonly buckets: string };

/** What a limit on a query means, or null where query and limit do not say it together. */
export function objectiveOf(meaning: QueryMeaning, bounds: Bounds): WrittenObjective | null {
  if ((bounds.min === null) === (bounds.max === null)) return null;
  return meaning.kind === 'ratio' ? ratioObjective(meaning, bounds) : quantileObjective(meaning, bounds.max);
}

function ratioObjective(meaning: RatioMeaning, { min, max }: Bounds): WrittenObjective | null {
  const side = max === null ? 'min' : 'max';
  const bad = badOf(meaning, side);
  const percent = plain(((max ?? min ?? 0) / meaning.scale) * 100);
  if (bad === null || percent < 0 || percent > 100) return null;
  return {
    limit: `${side === 'max' ? '<' : '>'} ${percent} %`,
    total: printSelector(meaning.total),
    bad: printSelector(bad),
  };
}

function quantileObjective(meaning: QuantileMeaning, max: number | null): WrittenObjective | null {
  if (max === null || max <= 0) return null;
  const unitMs = unitOf(meaning);
  if (unitMs === null) return null;
  const limitMs = plain((max / meaning.scale) * unitMs);
  if (limitMs < 1 || !Number.isInteger(limitMs)) return null;
  return { limit: quantileText(meaning.quantile, limitMs), buckets: printSelector(meaning.buckets) };
}

export function quantileText(quantile: number, limitMs: number): string {
  return `p${plain(quantile * 100)} ${formatDuration(limitMs)}`;
}

/** Milliseconds in the unit of the buckets: by the name of the metric, else by what turns it into milliseconds. */
function unitOf({ buckets: { metric }, scale }: QuantileMeaning): number | null {
  if (/_(ms|millis|milliseconds)(_bucket)?$/.test(metric ?? '')) return 1;
  if (/_seconds(_bucket)?$/.test(metric ?? '') || scale === 1000) return 1000;
  return null;
}

/** Without the dust of binary fractions. */
function plain(value: number): number {
  return Number(value.toPrecision(12));
}
