import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hypergeometric, seededUniform, shuffled } from './seeded-random.ts';

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number): readonly number[] => {
    const uniform = seededUniform(seed);
    return [uniform(), uniform(), uniform()];
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(draw(0).every((number) => number >= 0 && number < 1)).toBe(true);
});

test('a shuffle keeps every item', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer()), fc.nat(), (items, seed) => {
      const mixed = shuffled(items, seededUniform(seed));
      expect(mixed.toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b));
    }),
  );
});

test('draws stay within what there is', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(5000), fc.nat(5000), fc.nat(), (a, b, c, seed) => {
      const population = Math.max(a, b, c);
      const found = hypergeometric(population, b, c, seededUniform(seed));
      expect(found).toBeGreaterThanOrEqual(Math.max(0, b + c - population));
      expect(found).toBeLessThanOrEqual(Math.min(b, c));
    }),
  );
});

// Both ways of drawing: one by one, and by inversion from the mode.
test.each([
  [600, 12, 150],
  [600, 300, 150],
  [40, 30, 20],
])(
  '%i requests of which %i are marked, %i drawn: mean and variance are the law’s',
  (population, marked, draws) => {
    const uniform = seededUniform(1);
    const times = 4000;
    let sum = 0;
    let squares = 0;
    for (let at = 0; at < times; at += 1) {
      const found = hypergeometric(population, marked, draws, uniform);
      sum += found;
      squares += found * found;
    }
    const mean = sum / times;
    const part = marked / population;
    const variance = (draws * part * (1 - part) * (population - draws)) / (population - 1);
    expect(Math.abs(mean - draws * part)).toBeLessThan(4 * Math.sqrt(variance / times));
    expect((squares / times - mean * mean) / variance).toBeCloseTo(1, 0);
  },
);
