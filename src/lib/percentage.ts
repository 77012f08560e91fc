import { failure, ok, type Result } from './result.ts';

/** Reads `0.1 %`, `25%` or a plain number of percent into percent (0 to 100 and beyond: bounds are the caller's). */
export function parsePercentage(value: string | number): Result<number, string> {
  if (typeof value === 'number') {
    return Number.isFinite(value) ? ok(value) : failure(`${value} is not a percentage`);
  }
  const match = /^(-?\d+(?:\.\d+)?)\s*%?$/.exec(value.trim());
  return match
    ? ok(Number(match[1]))
    : failure(`"${value}" is not a percentage: write a number such as 25 or "0.1 %"`);
}

/**
 * A percentage that never looks equal to the limit it breaks: digits are added until the two differ, so 0.1004 against
 * a limit of 0.1 prints as `0.1004 %`, not `0.10 %`.
 */
export function formatPercentage(percent: number, limit?: number): string {
  let digits = percent !== 0 && Math.abs(percent) < 1 ? 3 : 2;
  while (
    limit !== undefined &&
    percent !== limit &&
    digits < 12 &&
    percent.toFixed(digits) === limit.toFixed(digits)
  )
    digits += 1;
  return `${Number(percent.toFixed(digits))} %`;
}
