import { unsound } from './bet/bad-count.ts';
import type { Block } from './block.ts';

/** Beyond this no date can be written. */
const lastInstantMs = 8.64e15;

/** Whether the times of a block are times: a clock that gives none, or one that no calendar has, says nothing about when. */
export function hasTimes({ atMs, durationMs }: Block): boolean {
  return Math.abs(atMs) <= lastInstantMs && durationMs >= 0 && durationMs <= lastInstantMs;
}

/**
 * What of a block can be judged: an arm whose counts cannot be is left out, and a block without times altogether (`block` is null then).
 * `problem` says what was wrong: such a block is one that could not be read, and never a reason to pass.
 */
export function soundBlock(block: Block): { readonly block: Block | null; readonly problem: string | null } {
  if (!hasTimes(block))
    return { block: null, problem: `a block at ${block.atMs} of ${block.durationMs} ms is at no time` };
  const own = block.canary === undefined ? null : unsound(block.canary);
  const other = block.stable === undefined ? null : unsound(block.stable);
  if (own === null && other === null) return { block, problem: null };
  const { canary, stable, ...times } = block;
  const kept: Block = {
    ...times,
    ...(canary === undefined || own !== null ? null : { canary }),
    ...(stable === undefined || other !== null ? null : { stable }),
  };
  return { block: kept, problem: own ?? other };
}

/** JSON knows no NaN and no infinity, and a state has to read back as it was written. */
export function soundReading(value: number | null): number | null {
  if (value === null || Number.isNaN(value)) return null;
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
