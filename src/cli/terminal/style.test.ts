import { expect, test } from 'vitest';
import { animationWanted, colorWanted, styleFor, unicodeWanted } from './style.ts';

test.each([
  { env: {}, isTty: true, noColorFlag: false, wanted: true },
  { env: {}, isTty: false, noColorFlag: false, wanted: false },
  { env: { NO_COLOR: '1' }, isTty: true, noColorFlag: false, wanted: false },
  { env: { NO_COLOR: '' }, isTty: true, noColorFlag: false, wanted: true },
  { env: { FORCE_COLOR: '1' }, isTty: false, noColorFlag: false, wanted: true },
  { env: { FORCE_COLOR: '0' }, isTty: true, noColorFlag: false, wanted: false },
  { env: { FORCE_COLOR: '1', NO_COLOR: '1' }, isTty: true, noColorFlag: false, wanted: false },
  { env: { FORCE_COLOR: '1' }, isTty: true, noColorFlag: true, wanted: false },
  { env: { TERM: 'dumb' }, isTty: true, noColorFlag: false, wanted: false },
])('colour for $env, terminal $isTty, flag $noColorFlag: $wanted', (facts) => {
  expect(colorWanted(facts)).toBe(facts.wanted);
});

test('a locale that is not UTF-8 gets ASCII', () => {
  expect(unicodeWanted({ LANG: 'C' })).toBe(false);
  expect(unicodeWanted({ LANG: 'C', LC_ALL: 'en_US.UTF-8' })).toBe(true);
  expect(unicodeWanted({ LANG: 'de_DE.utf8' })).toBe(true);
  expect(unicodeWanted({})).toBe(true);
  const glyphs = styleFor({ env: { LC_ALL: 'POSIX' }, isTty: false, noColorFlag: false }).glyphs;
  expect(Object.values(glyphs).join('')).toMatch(/^[\x20-\x7e]+$/);
});

test('nothing is redrawn in CI, on a dumb terminal or into a file', () => {
  const terminal = { isTTY: true, rows: 24 };
  expect(animationWanted({}, terminal)).toBe(true);
  expect(animationWanted({ CI: 'true' }, terminal)).toBe(false);
  expect(animationWanted({ TERM: 'dumb' }, terminal)).toBe(false);
  expect(animationWanted({}, { isTTY: true, rows: 0 })).toBe(false);
  expect(animationWanted({}, {})).toBe(false);
});
