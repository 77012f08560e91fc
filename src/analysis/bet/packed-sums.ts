import { assert } from '../../lib/assert.ts';

/** The log of a sum is kept to 1/10,000 nat, in four digits of base 36, counted from −20: so up to 147. */
const digits = 4;
const perNat = 10_000;
const lowest = -20;
const largest = 36 ** digits - 1;
/** What was read back is written again as it was: 1e-10 of a nat. */
const roundTrip = 1e-6;
const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

/**
 * Sums as a short text for the state. Each is rounded **down**, and what is too small to write becomes 0: evidence only loses by
 * it, so the bound on false rollbacks holds for the state as written.
 */
export function packSums(sums: readonly number[]): string {
  let text = '';
  for (const sum of sums) {
    const code = sum > 0 ? Math.floor((Math.log(sum) - lowest) * perNat + roundTrip) : 0;
    let rest = code > 0 ? Math.min(largest, code) : 0;
    let written = '';
    for (let digit = 0; digit < digits; digit += 1) {
      written = (alphabet[rest % 36] ?? '') + written;
      rest = Math.floor(rest / 36);
    }
    text += written;
  }
  return text;
}

export function unpackSums(text: string): number[] {
  assert(text.length % digits === 0, 'packed sums have four digits each');
  const sums: number[] = [];
  for (let at = 0; at < text.length; at += digits) {
    let code = 0;
    for (let digit = 0; digit < digits; digit += 1) {
      const character = text.charCodeAt(at + digit);
      code = code * 36 + (character < 58 ? character - 48 : character - 87);
    }
    sums.push(code === 0 ? 0 : Math.exp(code / perNat + lowest));
  }
  return sums;
}
