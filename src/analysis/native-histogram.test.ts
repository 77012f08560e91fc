import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coarser, type NativeHistogram, toClassic } from './native-histogram.ts';

const histogram: NativeHistogram = {
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 2,
  buckets: [
    [-2, 3],
    [0, 5],
    [1, 7],
  ],
};

test('exact at every bound', () => {
  const classic = toClassic(histogram);
  expect(classic.bounds.map((bound) => Number(bound.toFixed(4)))).toEqual([
    0.001,
    0.5,
    1,
    Number(Math.SQRT2.toFixed(4)),
  ]);
  expect(classic.cumulative).toEqual([2, 5, 10, 17]);
});

test('a coarser schema keeps the counts at the bounds that it has', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.integer({ min: -8, max: 40 }), fc.nat(100)), {
        selector: ([index]) => index,
      }),
      (buckets) => {
        const fine = { ...histogram, buckets: buckets.toSorted(([a], [b]) => a - b) };
        const classic = toClassic(fine);
        const coarse = toClassic(coarser(fine));
        for (const [at, bound] of coarse.bounds.entries()) {
          const same = classic.bounds.findLastIndex((other) => other <= bound * (1 + 1e-12));
          expect(coarse.cumulative[at]).toBe(classic.cumulative[same]);
        }
      },
    ),
  );
});
