import { showValue } from '../../analysis/shown-value.ts';
import type { CheckView } from '../../resource/view.ts';
import type { Routing } from '../../rollout/plan.ts';

/** `6 s`, `12 m 04 s`, `1 h 05 m`, `3 d 02 h`: two units, so that the width hardly moves while it counts. */
export function span(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/** A span whose length is planned, not measured: `10 m`, `1 m 30 s`. */
export function plannedSpan(durationMs: number): string {
  if (durationMs > 0 && durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  return span(durationMs).replace(/ 00 [smh]$/, '');
}

/** For the four times of a rollback, where milliseconds matter: `12 ms`, `1.8 s`, `1 m 50 s`. */
export function shortSpan(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1_000).toFixed(1)} s`;
  return span(durationMs);
}

/** `3 412`: a space groups thousands in every locale. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');
}

export function routing(value: Routing): string {
  switch (value.kind) {
    case 'weight':
      return `${Number(value.weightPercent.toFixed(2))} %`;
    case 'match':
      return 'matching requests';
    case 'mirror':
      return `mirror ${Number(value.percent.toFixed(2))} %`;
    case 'none':
      return 'no users';
  }
}

/** The measured value in the unit that the check is shown in; never digits that make it look equal to a limit that it is not. */
export function checkValue(check: Pick<CheckView, 'value' | 'limit' | 'shownScale' | 'shownUnit'>): string {
  if (check.value === null) return 'no value';
  return showValue(check.value, check.limit, { unit: check.shownUnit, scale: check.shownScale });
}

/** `≤ 0.1 %`, `≥ 99 %`, `1 to 5`; '' without a limit. Limits are inclusive. */
export function checkLimit(check: Pick<CheckView, 'limit' | 'shownScale' | 'shownUnit'>): string {
  const min = check.limit.min === undefined ? null : check.limit.min * check.shownScale;
  const max = check.limit.max === undefined ? null : check.limit.max * check.shownScale;
  if (min !== null && max !== null) return `${trim(min)} to ${withUnit(max, check.shownUnit)}`;
  if (max !== null) return `<= ${withUnit(max, check.shownUnit)}`;
  return min === null ? '' : `>= ${withUnit(min, check.shownUnit)}`;
}

/** Evidence as a factor, from its logarithm: `0.4`, `12`, `3 400`. */
export function evidence(logEvidence: number): string {
  if (logEvidence > Math.log(1e9)) return 'over 1 000 000 000';
  const value = Math.exp(logEvidence);
  if (value < 0.01) return 'under 0.01';
  return value < 10 ? String(Number(value.toPrecision(2))) : count(value);
}

/** `14:32:10` in the zone of the reader; the date is added when it is not today's. */
export function clock(atMs: number, nowMs: number, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const day = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', ...zone });
  const time = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'medium', ...zone }).format(atMs);
  const date = day.format(atMs);
  return date === day.format(nowMs) ? time : `${date} ${time}`;
}

function withUnit(value: number, unit: string): string {
  return unit === '' ? trim(value) : `${trim(value)} ${unit}`;
}

function trim(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toPrecision(2);
  return String(Number(value.toFixed(3)));
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
