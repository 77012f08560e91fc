import { valueAt } from '../schema-findings.ts';
import { parseDuration } from '../../lib/duration.ts';
import type { Path } from '../finding.ts';

export { valueAt };

/** The linter reads documents that nobody has checked: each accessor answers null (or nothing) where the shape is another. */
export function textAt(value: unknown, path: Path): string | null {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : null;
}

/** A number, also one in quotes. */
export function numberAt(value: unknown, path: Path): number | null {
  const found = valueAt(value, path);
  const number = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

export function listAt(value: unknown, path: Path): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

export function recordAt(value: unknown, path: Path): Readonly<Record<string, unknown>> | null {
  const found = valueAt(value, path);
  return typeof found === 'object' && found !== null && !Array.isArray(found)
    ? (found as Readonly<Record<string, unknown>>)
    : null;
}

export function durationAt(value: unknown, path: Path): number | null {
  const found = textAt(value, path);
  const parsed = found === null ? null : parseDuration(found);
  return parsed?.ok ? parsed.value : null;
}

export function has(value: unknown, path: Path): boolean {
  return valueAt(value, path) !== undefined;
}

/** `25%` of the replicas, or a count. Kubernetes rounds surge up and unavailable down. */
export function countOf(value: unknown, replicas: number, rounding: 'up' | 'down'): number | null {
  if (typeof value === 'number') return value;
  const match = typeof value === 'string' ? /^(\d+)%$/.exec(value) : null;
  if (!match) return null;
  const exact = (Number(match[1]) / 100) * replicas;
  return rounding === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
