import { assert } from '../../lib/assert.ts';

/** A sum is kept to 1/100,000 nat, in five digits of base 36, counted from −20: so up to 584. */
const digits = 5;
const perNat = 100_000;
const lowest = -20;
const largest = 36 ** digits - 1;
/** What was read back is written again as it was: 1e-11 of a nat. */
const roundTrip = 1e-6;

/**
 * Logs of sums as a short text for the state. Each is rounded **down**, and what is too low or too high to write becomes 0 or the
 * highest: evidence only loses by it, so the bound on false rollbacks holds for the state as written. `null` stands for ln 0.
 */
export function packSums(logSums: readonly (number | null)[]): string {
  let text = '';
  for (const logSum of logSums) {
    const code = logSum === null ? 0 : Math.floor((logSum - lowest) * perNat + roundTrip);
    text += toDigits(code > 0 ? Math.min(largest, code) : 0);
  }
  return text;
}

export function unpackSums(text: string): (number | null)[] {
  assert(text.length % digits === 0, 'packed sums have five digits each');
  const logSums: (number | null)[] = [];
  for (let at = 0; at < text.length; at += digits) {
    let code = 0;
    for (let digit = 0; digit < digits; digit += 1) code = code * 36 + fromDigit(text.charCodeAt(at + digit));
    logSums.push(code === 0 ? null : code / perNat + lowest);
  }
  return logSums;
}

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

function toDigits(code: number): string {
  let rest = code;
  let text = '';
  for (let digit = 0; digit < digits; digit += 1) {
    text = (alphabet[rest % 36] ?? '') + text;
    rest = Math.floor(rest / 36);
  }
  return text;
}

function fromDigit(character: number): number {
  return character < 58 ? character - 48 : character - 87;
}
