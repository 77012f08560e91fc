import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countedShare, rolloutsToShow } from './bounds.ts';
import { conformalLevel } from './conformal-level.ts';
import { seededUniform } from './seeded-random.ts';

test('none of 299 shows at most 1 %, none of 59 at most 5 %, one fewer does not', () => {
  expect([rolloutsToShow(0.01), rolloutsToShow(0.05), rolloutsToShow(0.001)]).toEqual([299, 59, 2995]);
  for (const share of [0.01, 0.05, 0.2]) {
    expect(countedShare(0, rolloutsToShow(share)).high).toBeLessThanOrEqual(share);
    expect(countedShare(0, rolloutsToShow(share) - 1).high).toBeGreaterThan(share);
  }
});

test('no rollout shows nothing', () => {
  expect(countedShare(0, 0)).toEqual({ count: 0, of: 0, low: 0, high: 1 });
});

const peaks = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 99, maxLength: 400 });

test('the level is never below 1/α, and at most α of the history is above it', () => {
  fc.assert(
    fc.property(peaks, (logs) => {
      const level = conformalLevel(logs, 0.01);
      if (level.kind !== 'level') throw new Error('99 are enough');
      expect(level.logLevel).toBeGreaterThanOrEqual(Math.log(100));
      const above = logs.filter((log) => log > level.logLevel).length;
      expect(above).toBeLessThanOrEqual(0.01 * (logs.length + 1));
    }),
  );
});

test('the level is monotone: more evidence in the history never lowers it, a larger α never raises it', () => {
  fc.assert(
    fc.property(peaks, fc.nat(398), fc.double({ min: 0, max: 20, noNaN: true }), (logs, index, more) => {
      const levelOf = (values: readonly number[], share: number): number => {
        const level = conformalLevel(values, share);
        return level.kind === 'level' ? level.logLevel : Number.NaN;
      };
      const raised = logs.map((log, at) => (at === index % logs.length ? log + more : log));
      expect(levelOf(raised, 0.01)).toBeGreaterThanOrEqual(levelOf(logs, 0.01));
      expect(levelOf(logs, 0.05)).toBeLessThanOrEqual(levelOf(logs, 0.01));
    }),
  );
});

test('99 rollouts are the least for 1 %: then it is the largest of them', () => {
  const logs = Array.from({ length: 98 }, (_, index) => index / 10);
  expect(conformalLevel(logs, 0.01)).toEqual({ kind: 'tooShort', needed: 99 });
  expect(conformalLevel([...logs, 12], 0.01)).toMatchObject({ kind: 'level', logLevel: 12, rank: 1 });
  expect(conformalLevel([...logs, 12, ...logs, 1, 1], 0.01)).toMatchObject({ rank: 2, logLevel: 9.7 });
});

test('the next rollout reaches the level with at most α, whatever the law of the evidence', () => {
  const uniform = seededUniform(5);
  // Far heavier tails than the guarantee of the judge allows: errors hang together in ways that it does not see.
  const peak = (): number => 1.5 * -Math.log(1 - uniform());
  const times = 4000;
  let crossed = 0;
  for (let at = 0; at < times; at += 1) {
    const level = conformalLevel(Array.from({ length: 119 }, peak), 0.05);
    if (level.kind === 'level' && peak() >= level.logLevel) crossed += 1;
  }
  // The default level, 20, would be crossed by 13.6 %.
  expect(countedShare(crossed, times).low).toBeLessThanOrEqual(0.05);
  expect(crossed / times).toBeGreaterThan(0.04);
});
