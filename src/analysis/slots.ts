import { type ArmTotals, addToTotals, sumTotals } from './arm-totals.ts';
import type { Block } from './block.ts';

/** Blocks that ended within one stretch of judged time, added up. */
export interface Slot {
  /** The stretch is ((index − 1) × width, index × width] of the step's judged time. */
  readonly index: number;
  readonly canary: ArmTotals | null;
  readonly stable: ArmTotals | null;
}

/** Most slots that a window is kept in, so that a judge's state stays small however often the source is read. */
export const maxSlots = 60;

/** Width of a slot as a fraction, `milliseconds / parts`: whole numbers, so that the edges are exact. */
export interface SlotWidth {
  readonly milliseconds: number;
  readonly parts: number;
}

/**
 * The finest width with which the longest window fits in `maxSlots` and the edges of evaluations and windows fall on
 * edges of slots. Where no such width exists a window is off by less than one slot.
 */
export function slotWidth(intervalMs: number, windowsMs: readonly number[]): SlotWidth {
  const longest = Math.max(intervalMs, ...windowsMs);
  const common = [intervalMs, ...windowsMs].reduce(greatestCommonDivisor);
  const parts = Math.floor((maxSlots * common) / longest);
  return parts >= 1
    ? { milliseconds: common, parts }
    : { milliseconds: Math.ceil(longest / maxSlots), parts: 1 };
}

/** Adds a block that ends at `judgedMs` and drops what no window of `longestMs` reaches any more. */
export function addToSlots(
  slots: readonly Slot[],
  block: Block,
  judgedMs: number,
  width: SlotWidth,
  longestMs: number,
): readonly Slot[] {
  const index = slotIndex(judgedMs, width);
  const last = slots.at(-1);
  const open: Slot =
    last !== undefined && last.index === index ? last : { index, canary: null, stable: null };
  const slot: Slot = {
    index,
    canary: block.canary === undefined ? open.canary : addToTotals(open.canary, block.canary),
    stable: block.stable === undefined ? open.stable : addToTotals(open.stable, block.stable),
  };
  const oldest = index - slotIndex(longestMs, width);
  return [...slots.filter((earlier) => earlier.index > oldest && earlier.index !== index), slot];
}

/** What each arm served in the `windowMs` of judged time up to `judgedMs`; null: the arm was not read in it. */
export function sumWindow(
  slots: readonly Slot[],
  judgedMs: number,
  windowMs: number,
  width: SlotWidth,
): { readonly canary: ArmTotals | null; readonly stable: ArmTotals | null } {
  const oldest = slotIndex(judgedMs, width) - slotIndex(windowMs, width);
  let canary: ArmTotals | null = null;
  let stable: ArmTotals | null = null;
  for (const slot of slots) {
    if (slot.index <= oldest) continue;
    if (slot.canary !== null) canary = sumTotals(canary, slot.canary);
    if (slot.stable !== null) stable = sumTotals(stable, slot.stable);
  }
  return { canary, stable };
}

function slotIndex(judgedMs: number, width: SlotWidth): number {
  return Math.ceil((judgedMs * width.parts) / width.milliseconds);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
