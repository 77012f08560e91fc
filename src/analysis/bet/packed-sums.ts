import { assert } from '../../lib/assert.ts';

/** The log of a sum is kept to 1/10,000 nat, in four digits of base 36, counted from −20: so up to 147. */
const digits = 4;
const perNat = 10_000;
const lowest = -20;
const largest = 36 ** digits - 1;
/** What was read back is written again as it was: 1e-10 of a nat. */
const roundTrip = 1e-6;
/** Far beyond every level that decides, and far from where numbers end. */
const largestSum = 1e60;
/**
 * Sums as a short text for the state. Each is rounded **down**, and what is too small to write becomes 0: evidence only loses by
 * it, so the bound on false rollbacks holds for the state as written.
 */
export function packSums(sums: readonly number[]): string {
  const codes: number[] = [];
  for (const sum of sums) writeSum(codes, sum);
  return String.fromCharCode(...codes);
}

function writeSum(codes: number[], sum: number): void {
  const exact = sum > 0 ? Math.floor((Math.log(sum) - lowest) * perNat + roundTrip) : 0;
  const code = exact > 0 ? Math.min(largest, exact) : 0;
  const high = Math.floor(code / 1296);
  const low = code - high * 1296;
  const third = Math.floor(low / 36);
  const first = Math.floor(high / 36);
  codes.push(digit(first), digit(high - first * 36), digit(third), digit(low - third * 36));
}

function digit(value: number): number {
  return value < 10 ? value + 48 : value + 87;
}

export function unpackSums(text: string): number[] {
  return Array.from({ length: text.length / digits }, (_, index) => sumAt(text, index));
}

/** The mean of the sums, without unpacking them. */
export function meanOfPacked(text: string): number {
  const count = text.length / digits;
  let total = 0;
  for (let index = 0; index < count; index += 1) total += sumAt(text, index);
  return count === 0 ? 0 : total / count;
}

/**
 * Each sum becomes (sum + prior) · factor: the recursion of `OnsetMixture` on the packed form. `before` and `after` are the means
 * of sum + prior and of what became of it.
 */
export function advancePacked(
  text: string,
  factors: readonly number[],
  prior: number,
): { readonly text: string; readonly before: number; readonly after: number } {
  assert(text.length === factors.length * digits, 'one factor for each alternative');
  const codes: number[] = [];
  let before = 0;
  let after = 0;
  for (let index = 0; index < factors.length; index += 1) {
    const staked = sumAt(text, index) + prior;
    const sum = Math.min(largestSum, staked * (factors[index] ?? 0));
    before += staked;
    after += sum;
    writeSum(codes, sum);
  }
  // One string from all digits: pieces put together would be most of the garbage of a judgement.
  return {
    text: String.fromCharCode(...codes),
    before: before / factors.length,
    after: after / factors.length,
  };
}

function sumAt(text: string, index: number): number {
  const at = index * digits;
  const high = digitAt(text, at) * 36 + digitAt(text, at + 1);
  const code = high * 1296 + digitAt(text, at + 2) * 36 + digitAt(text, at + 3);
  return code === 0 ? 0 : Math.exp(code / perNat + lowest);
}

function digitAt(text: string, at: number): number {
  const character = text.charCodeAt(at);
  return character < 58 ? character - 48 : character - 87;
}
