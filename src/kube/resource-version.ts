const number = /^(?:0|[1-9][0-9]*)$/;

/**
 * Which of two resourceVersions of one kind is later: below 0 the first one is older, 0 the same, above 0 newer; null where they are no
 * numbers and nothing can be said. They are 64-bit integers, promised comparable by KEP-5504; compared as text, as JavaScript's numbers
 * end at 2^53.
 */
export function compareResourceVersions(a: string, b: string): number | null {
  if (!number.test(a) || !number.test(b)) return null;
  if (a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a < b ? -1 : 1;
}
