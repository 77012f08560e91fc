import { expect, test } from 'vitest';
import type { Block } from './block.ts';
import { soundBlock, soundReading } from './sound.ts';

const good: Block = {
  atMs: 5_000,
  durationMs: 5_000,
  canary: { requests: 50, errors: 1 },
  stable: { requests: 450, errors: 0 },
};

test('a sound block is what it was; of another one the sound arm is left, and the reason', () => {
  expect(soundBlock(good)).toEqual({ block: good, problem: null });
  const { stable, ...alone } = good;
  expect(soundBlock({ ...good, stable: { requests: -1, errors: 0 } })).toEqual({
    block: alone,
    problem: '-1 requests and 0 errors are not counts',
  });
  expect(soundBlock({ ...good, canary: { requests: 50, errors: Number.NaN } })).toEqual({
    block: { atMs: 5_000, durationMs: 5_000, stable },
    problem: '50 requests and NaN errors are not counts',
  });
});

test('a block at no time is none', () => {
  for (const times of [
    { atMs: Number.NaN },
    { atMs: 1e300 },
    { durationMs: -1 },
    { durationMs: Number.POSITIVE_INFINITY },
  ])
    expect(soundBlock({ ...good, ...times })).toMatchObject({
      block: null,
      problem: expect.stringContaining('at no time'),
    });
});

test('readings as JSON holds them', () => {
  expect([Number.NaN, Number.POSITIVE_INFINITY, null, 3].map(soundReading)).toEqual([
    null,
    Number.MAX_VALUE,
    null,
    3,
  ]);
});
