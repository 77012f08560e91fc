import { expect, test } from 'vitest';
import { checkLimit, checkValue, clock, count, plannedSpan, routing, shortSpan, span } from './format.ts';

test('spans have two units', () => {
  const spans = [0, 999, 6_000, 724_000, 3_900_000, 86_400_000 * 3 + 7_200_000].map((ms) => span(ms));
  expect(spans).toMatchInlineSnapshot(`
    [
      "0 s",
      "1 s",
      "6 s",
      "12 m 04 s",
      "1 h 05 m",
      "3 d 02 h",
    ]
  `);
  expect([250, 600_000, 90_000].map((ms) => plannedSpan(ms))).toEqual(['250 ms', '10 m', '1 m 30 s']);
  expect([12, 1_840, 110_000].map((ms) => shortSpan(ms))).toEqual(['12 ms', '1.8 s', '1 m 50 s']);
});

test('counts and routings', () => {
  expect([0, 999, 3_412, 1_234_567].map((value) => count(value))).toEqual(['0', '999', '3 412', '1 234 567']);
  expect(routing({ kind: 'weight', weightPercent: 12.5 })).toBe('12.5 %');
  expect(routing({ kind: 'none' })).toBe('no users');
});

test('a value that breaks its limit never looks equal to it', () => {
  const check = { value: 0.1004, limit: { max: 0.1 }, shownScale: 1, shownUnit: '%' };
  expect(`${checkValue(check)} ${checkLimit(check)}`).toBe('0.1004 % <= 0.1 %');
  const latency = { value: 0.612, limit: { max: 2 }, shownScale: 1_000, shownUnit: 'ms' };
  expect(`${checkValue(latency)} ${checkLimit(latency)}`).toBe('612 ms <= 2000 ms');
  expect(checkLimit({ limit: { min: 99 }, shownScale: 1, shownUnit: '%' })).toBe('>= 99 %');
  expect(checkLimit({ limit: { min: 1, max: 5 }, shownScale: 1, shownUnit: '' })).toBe('1 to 5');
});

test('the clock shows the day only when it is another', () => {
  const noon = Date.UTC(2030, 4, 1, 12, 0, 5);
  expect(clock(noon, noon, 'UTC')).toBe('12:00:05');
  expect(clock(noon, noon + 86_400_000, 'UTC')).toBe('2030-05-01 12:00:05');
});
