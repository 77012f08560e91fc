import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterResult,
  firstState,
  isProbed,
  type ProbeKind,
  type ProbeState,
  timingOf,
} from './probe-state.ts';

function after(kind: ProbeKind, thresholds: readonly [number, number], results: string): ProbeState {
  const [successThreshold, failureThreshold] = thresholds;
  const timing = timingOf({ successThreshold, failureThreshold });
  return results
    .split('')
    .reduce((state, result) => afterResult(kind, timing, state, result === '+'), firstState(kind));
}

describe('a probe', () => {
  test.each([
    { kind: 'readiness', thresholds: [1, 3], results: '', passing: false, fatal: false },
    { kind: 'readiness', thresholds: [1, 3], results: '+', passing: true, fatal: false },
    { kind: 'readiness', thresholds: [2, 3], results: '+', passing: false, fatal: false },
    { kind: 'readiness', thresholds: [2, 3], results: '+-+', passing: false, fatal: false },
    { kind: 'readiness', thresholds: [2, 3], results: '+-++', passing: true, fatal: false },
    { kind: 'readiness', thresholds: [1, 3], results: '+--', passing: true, fatal: false },
    { kind: 'readiness', thresholds: [1, 3], results: '+--+--', passing: true, fatal: false },
    { kind: 'readiness', thresholds: [1, 3], results: '+---', passing: false, fatal: false },
    { kind: 'liveness', thresholds: [1, 2], results: '', passing: true, fatal: false },
    { kind: 'liveness', thresholds: [1, 2], results: '-', passing: true, fatal: false },
    { kind: 'liveness', thresholds: [1, 2], results: '-+-', passing: true, fatal: false },
    { kind: 'liveness', thresholds: [1, 2], results: '--', passing: false, fatal: true },
    { kind: 'startup', thresholds: [1, 3], results: '--', passing: false, fatal: false },
    { kind: 'startup', thresholds: [1, 3], results: '--+', passing: true, fatal: false },
    { kind: 'startup', thresholds: [1, 3], results: '---', passing: false, fatal: true },
  ] as const)('for $kind with thresholds $thresholds after "$results"', (row) => {
    const { passing, fatal } = after(row.kind, row.thresholds, row.results);
    expect({ passing, fatal }).toEqual({ passing: row.passing, fatal: row.fatal });
  });

  test('changes only at the last of as many like results in a row as its threshold says', () => {
    const results = fc.string({ unit: fc.constantFrom('+', '-'), maxLength: 30 });
    fc.assert(
      fc.property(
        results,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (text, up, down) => {
          const states = Array.from(text, (_, index) =>
            after('readiness', [up, down], text.slice(0, index + 1)),
          );
          states.forEach(({ passing }, index) => {
            const before = states[index - 1]?.passing ?? false;
            const run = passing ? '+'.repeat(up) : '-'.repeat(down);
            if (passing !== before) expect(text.slice(0, index + 1).endsWith(run)).toBe(true);
          });
        },
      ),
    );
  });

  test('of readiness and liveness waits for the one of startup, which then is over', () => {
    const state = firstState('readiness');
    expect(isProbed('startup', state, false)).toBe(true);
    expect(isProbed('startup', state, true)).toBe(false);
    expect(isProbed('readiness', state, false)).toBe(false);
    expect(isProbed('liveness', state, true)).toBe(true);
    expect(isProbed('liveness', { ...state, fatal: true }, true)).toBe(false);
  });

  test('has the defaults of the API', () => {
    expect(timingOf({})).toEqual({
      initialDelayMs: 0,
      periodMs: 10_000,
      timeoutMs: 1000,
      successThreshold: 1,
      failureThreshold: 3,
    });
  });
});
