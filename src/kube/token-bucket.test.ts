import { expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

test('gives its burst, then one token each period, and never saves more than the burst', () => {
  const bucket = new TokenBucket(1 / 300, 25, 0);
  const takenAt = (nowMs: number, tries: number): number =>
    Array.from({ length: tries }, () => bucket.take(nowMs)).filter(Boolean).length;
  expect(takenAt(0, 100)).toBe(25);
  expect(takenAt(299_999, 5)).toBe(0);
  expect(takenAt(300_000, 5)).toBe(1);
  expect(takenAt(900_000, 5)).toBe(2);
  expect(takenAt(900_000_000, 100)).toBe(25);
});

test('reserves tokens of the future, each with its wait', () => {
  const bucket = new TokenBucket(10, 3, 0);
  expect([0, 0, 0, 0, 0, 50].map((nowMs) => Math.round(bucket.reserve(nowMs)))).toEqual([
    0, 0, 0, 100, 200, 250,
  ]);
});

test('a clock that stands or goes back fills nothing', () => {
  const bucket = new TokenBucket(1, 1, 1000);
  expect([bucket.take(1000), bucket.take(0), bucket.take(1999), bucket.take(2000)]).toEqual([
    true,
    false,
    false,
    true,
  ]);
});
