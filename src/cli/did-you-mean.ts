import { editDistance } from '../resource/nearest-name.ts';

/** The known names nearest to what was typed, best first; empty when nothing is near enough to be a typing error. */
export function didYouMean(typed: string, known: Iterable<string>): readonly string[] {
  const limit = Math.max(1, Math.floor(typed.length / 3));
  return [...new Set(known)]
    .map((name) => ({ name, distance: editDistance(typed.toLowerCase(), name.toLowerCase()) }))
    .filter((candidate) => candidate.distance <= limit)
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map((candidate) => candidate.name);
}

/** A sentence to append to an error, or ''. */
export function didYouMeanSentence(typed: string, known: Iterable<string>): string {
  const names = didYouMean(typed, known);
  return names.length === 0 ? '' : ` Did you mean ${names.map((name) => `"${name}"`).join(' or ')}?`;
}
