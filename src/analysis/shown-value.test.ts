import fc from 'fast-check';
import { expect, test } from 'vitest';
import { showBound, showLimit, showValue } from './shown-value.ts';

const percent = { unit: '%', scale: 1 };

test('digits are added until a value does not look like the limit that it breaks', () => {
  expect(showValue(0.1004, { max: 0.1 }, percent)).toBe('0.1004 %');
  expect(showValue(0.1, { max: 0.1 }, percent)).toBe('0.1 %');
  expect(showValue(0.0996, { max: 0.0999 }, percent)).toBe('0.0996 %');
  expect(showValue(1.23456, { max: 0.1 }, percent)).toBe('1.23 %');
  expect(showValue(2.0000004, { max: 2 }, { unit: 'ms', scale: 1000 })).toBe('2000.0004 ms');
  expect(showValue(2 + 4e-16, { max: 2 }, { unit: 's', scale: 1 })).toBe('just above 2 s');
  expect(showValue(Infinity, { max: 2 }, { unit: '', scale: 1 })).toBe('Infinity');
});

test('limits are printed as they were written', () => {
  expect(showLimit({ max: 0.07 }, { unit: '%', scale: 100 })).toBe('at most 7 %');
  expect(showLimit({ min: 99 }, percent)).toBe('at least 99 %');
  expect(showLimit({ min: 1, max: 2 }, { unit: '', scale: 1 })).toBe('between 1 and 2');
  expect(showLimit({}, percent)).toBe('any value');
});

test('no value but the limit prints like the limit', () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(
      number,
      fc.integer({ min: -3, max: 3 }),
      fc.constantFrom(1, 100, 1000, 0.001),
      (limit, ulps, scale) => {
        const value = limit + ulps * Math.abs(limit) * Number.EPSILON;
        const shown = { unit: 's', scale };
        if (value !== limit)
          expect(showValue(value, { max: limit }, shown)).not.toBe(showBound(limit, shown));
      },
    ),
  );
});
