import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HistoryBlock } from './history.ts';
import { cutHistory } from './pseudo-rollouts.ts';

const dayStart = Date.parse('2026-01-05T00:00:00Z');

function block(fromMs: number, durationMs: number, requests = 10): HistoryBlock {
  return {
    atMs: fromMs + durationMs,
    durationMs,
    pods: [{ pod: 'a', counts: { requests, errors: 0 } }],
  };
}

/** Blocks of 10 s from the start of a day, but for the ones in `missing`. */
function blocks(count: number, missing: readonly number[] = []): readonly HistoryBlock[] {
  return Array.from({ length: count }, (_, index) => block(dayStart + index * 10_000, 10_000)).filter(
    (_, index) => !missing.includes(index),
  );
}

function sizes(cut: ReturnType<typeof cutHistory>): object {
  const { gap, otherHours, noTraffic, rest } = cut.leftOut;
  return {
    rollouts: cut.rollouts.map(({ length }) => length),
    left: [gap.length, otherHours.length, noTraffic.length, rest.length],
  };
}

test('rollouts are as long as a real one, and what is too few at the end is left out', () => {
  expect(sizes(cutHistory(blocks(14), { lengthMs: 60_000 }))).toEqual({
    rollouts: [6, 6],
    left: [0, 0, 0, 2],
  });
});

test('no rollout reaches over a gap', () => {
  expect(sizes(cutHistory(blocks(20, [8]), { lengthMs: 60_000 }))).toEqual({
    rollouts: [6, 6],
    left: [2, 0, 0, 5],
  });
});

test('a block that covers far more than the others is a gap', () => {
  const long = [...blocks(8), block(dayStart + 80_000, 120_000), ...blocks(30).slice(20)];
  expect(sizes(cutHistory(long, { lengthMs: 60_000 }))).toEqual({
    rollouts: [6, 6],
    left: [3, 0, 0, 4],
  });
});

test('a stretch in which nobody asked for anything is no rollout', () => {
  const idle = blocks(6).map(({ atMs, durationMs }) => ({ atMs, durationMs, pods: [] }));
  expect(sizes(cutHistory(idle, { lengthMs: 60_000 }))).toEqual({ rollouts: [], left: [0, 0, 6, 0] });
});

describe('hours of the day', () => {
  const day = Array.from({ length: 96 }, (_, index) => block(dayStart + index * 900_000, 900_000));
  const startsOf = (hours: { readonly from: number; readonly to: number }): readonly number[] =>
    cutHistory(day, { lengthMs: 3_600_000, hours }).rollouts.map(
      ([first]) => (((first?.atMs ?? 0) - 900_000 - dayStart) / 3_600_000) % 24,
    );

  test('only rollouts that begin in them', () => {
    expect(startsOf({ from: 8, to: 11 })).toEqual([8, 9, 10]);
  });

  test('over midnight', () => {
    expect(startsOf({ from: 22, to: 2 })).toEqual([0, 1, 22, 23]);
  });
});

test('cutting loses nothing and repeats nothing', () => {
  const gaps = fc.array(
    fc.record({ pause: fc.nat(3), length: fc.integer({ min: 1, max: 200 }), requests: fc.nat(2) }),
  );
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 600 }), (parts, seconds) => {
      let atMs = dayStart;
      const history = parts.map(({ pause, length, requests }) => {
        const fromMs = atMs + (pause === 3 ? 7_000 : 0);
        atMs = fromMs + length * 1000;
        return block(fromMs, length * 1000, requests);
      });
      const { rollouts, leftOut } = cutHistory(history, {
        lengthMs: seconds * 1000,
        hours: { from: 0, to: 1 },
      });
      const all = [...rollouts.flat(), ...Object.values(leftOut).flat()];
      expect(all.toSorted((a, b) => a.atMs - b.atMs)).toEqual(history);
      for (const rollout of rollouts) {
        const covered = rollout.reduce((sum, { durationMs }) => sum + durationMs, 0);
        expect(covered).toBeGreaterThanOrEqual(seconds * 1000);
        expect(covered - (rollout.at(-1)?.durationMs ?? 0)).toBeLessThan(seconds * 1000);
      }
    }),
  );
});
