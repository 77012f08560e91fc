import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LatencyHistogram } from './block.ts';
import { isMonotonic, mergeHistograms, quantileOf, slowerThan, slowShare } from './histogram.ts';

const bounds = [0.1, 0.5, 1, 2, 5];

function histogram(cumulative: readonly number[], of: readonly number[] = bounds): LatencyHistogram {
  return { unit: 's', bounds: of, cumulative };
}

const observed = fc.array(fc.double({ min: 0.001, max: 8, noNaN: true }), { minLength: 1, maxLength: 200 });

function count(values: readonly number[], of: readonly number[] = bounds): LatencyHistogram {
  return histogram(
    of.map((bound) => values.filter((value) => value <= bound).length),
    of,
  );
}

test('a quantile is interpolated within its bucket, as histogram_quantile does', () => {
  const counts = histogram([10, 50, 80, 100, 100]);
  expect(quantileOf(counts, 100, 0.5)).toEqual({ seconds: 0.5, overflow: false });
  expect(quantileOf(counts, 100, 0.65)).toEqual({ seconds: 0.75, overflow: false });
  expect(quantileOf(counts, 100, 0.05)).toEqual({ seconds: 0.05, overflow: false });
  expect(quantileOf(counts, 100, 1)).toEqual({ seconds: 2, overflow: false });
  expect(quantileOf(counts, 100, 0)).toEqual({ seconds: 0, overflow: false });
});

test('a quantile above the highest bound is that bound and says that it is more', () => {
  expect(quantileOf(histogram([0, 0, 0, 0, 3]), 10, 0.95)).toEqual({ seconds: 5, overflow: true });
});

test('nothing served has no quantile and no slow share', () => {
  expect(quantileOf(histogram([0, 0, 0, 0, 0]), 0, 0.95)).toBeNull();
  expect(slowShare(histogram([0, 0, 0, 0, 0]), 0, 1)).toBeNull();
});

test('the share slower than a bound is exact at bounds and unknown elsewhere', () => {
  const counts = histogram([10, 50, 80, 90, 95]);
  expect(slowerThan(counts, 100, 2)).toBe(10);
  expect(slowShare(counts, 100, 2)).toBe(0.1);
  expect(slowShare(counts, 100, 3)).toBeNull();
});

test('counts that fall, or exceed the requests, are no histogram', () => {
  expect(isMonotonic([1, 2, 2], 2)).toBe(true);
  expect(isMonotonic([2, 1, 3], 3)).toBe(false);
  expect(isMonotonic([1, 2, 4], 3)).toBe(false);
  expect(isMonotonic([-1, 2, 3], 3)).toBe(false);
});

test('merging differing bounds keeps what both know', () => {
  expect(mergeHistograms(histogram([1, 2], [0.5, 1]), histogram([3, 4], [1, 2]))).toEqual(
    histogram([5], [1]),
  );
  expect(mergeHistograms(histogram([1], [0.5]), histogram([3], [1]))).toBeNull();
});

test('a merged histogram is the histogram of all requests', () => {
  fc.assert(
    fc.property(observed, observed, (a, b) => {
      expect(mergeHistograms(count(a), count(b))).toEqual(count([...a, ...b]));
    }),
  );
});

test('the quantile lies in the bucket of the true one, and is within a bound exactly when enough requests are', () => {
  fc.assert(
    fc.property(observed, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, quantile) => {
      const found = quantileOf(count(values), values.length, quantile);
      for (const [index, bound] of bounds.entries()) {
        const enough = (count(values).cumulative[index] ?? 0) >= quantile * values.length;
        expect(found !== null && !found.overflow && found.seconds <= bound).toBe(enough);
      }
    }),
  );
});
