import { failure, ok, type Result } from './result.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads `250ms`, `30s`, `5m`, `1m30s`, `1h`, `1.5h` or `7d` into whole milliseconds. The whole text must match: Flagger's
 * own pattern is not anchored at the end, which is how `500ms` slips through there and becomes ten seconds.
 */
export function parseDuration(text: string): Result<number, string> {
  const trimmed = text.trim();
  if (trimmed === '0') return ok(0);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(trimmed)) {
    return failure(`"${text}" is not a duration: write a number and a unit, such as 30s, 5m or 1m30s`);
  }
  let totalMs = 0;
  for (const part of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(part[1]) * (unitMs[part[2] ?? ''] ?? 0);
  }
  return ok(Math.round(totalMs));
}

/** The shortest exact writing: `90000` is `1m30s`. Reads back to the same value. */
export function formatDuration(durationMs: number): string {
  let rest = Math.round(durationMs);
  if (rest === 0) return '0s';
  let text = rest < 0 ? '-' : '';
  rest = Math.abs(rest);
  for (const unit of ['h', 'm', 's', 'ms'] as const) {
    const size = unitMs[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
