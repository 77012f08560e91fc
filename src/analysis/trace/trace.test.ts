import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JudgePlan } from '../judge.ts';
import { replay } from './replay.ts';
import { readTrace } from './trace.ts';
import { readInstant } from './trace-line.ts';

const plan: JudgePlan = {
  judge: 'bet',
  intervalMs: 10_000,
  failureThreshold: 2,
  failAt: 'atOnce',
  onNoData: 'wait',
  checks: [
    {
      name: 'error-rate',
      measure: { kind: 'errorShare' },
      limit: { max: 0.1 },
      shownUnit: '%',
      shownScale: 1,
      windowMs: 60_000,
      minRequests: 20,
    },
  ],
};

const header = 'at,canary_requests,canary_errors,stable_requests,stable_errors';

function csv(errors: readonly number[], stable = '450,0'): string {
  return [header, ...errors.map((count, index) => `${1_767_225_600 + index * 5},50,${count},${stable}`)].join(
    '\n',
  );
}

describe('reading', () => {
  test('JSON lines with latency, blocks of any length', () => {
    const { blocks, findings } = readTrace(`
{"at":"2026-01-01T00:00:05Z","canary":{"requests":50,"errors":1,"latency":{"unit":"s","bounds":[0.1,0.5],"cumulative":[20,44]}},"stable":{"requests":0,"errors":0}}
{"at":1767225615,"canary":{"requests":50,"errors":0}}
{"at":1767225675000,"canary":{"requests":500,"errors":0}}
`);
    expect(findings).toEqual([]);
    expect(blocks.map(({ atMs, durationMs }) => [atMs, durationMs])).toEqual([
      [1_767_225_605_000, 10_000],
      [1_767_225_615_000, 10_000],
      [1_767_225_675_000, 60_000],
    ]);
    // Stable served nothing throughout: it is no arm.
    expect(blocks.every(({ stable }) => stable === undefined)).toBe(true);
    expect(blocks[0]?.canary?.latency?.cumulative).toEqual([20, 44]);
  });

  test('instants', () => {
    expect(readInstant('2026-01-01T00:00:05')).toBe(1_767_225_605_000);
    expect(readInstant('2026-01-01 01:00:05+01:00')).toBe(1_767_225_605_000);
    expect(readInstant('1767225605.5')).toBe(1_767_225_605_500);
    for (const bad of ['soon', '', null, Number.NaN, -5, 1e20, {}]) expect(readInstant(bad)).toBe(null);
  });

  test('what cannot be is said with its line', () => {
    const line = (canary: string): string => `{"at":1767225605,"canary":${canary}}`;
    const messages = [
      line('{"requests":-1,"errors":0}'),
      line('{"requests":1.5,"errors":0}'),
      line('{"requests":1e300,"errors":0}'),
      line('{"requests":10,"errors":11}'),
      line('{"requests":10}'),
      line('{"requests":10,"errors":0,"latency":{"unit":"s","bounds":[1,2],"cumulative":[5,4]}}'),
      line('{"requests":10,"errors":0,"latency":{"unit":"ms","bounds":[1],"cumulative":[5]}}'),
      '{"at":"yesterday"}',
      '{"service":"other","at":1}',
      'not json',
      '{"at":1767225605,"canary":NaN}',
    ].map((text) => readTrace(`${line('{"requests":1,"errors":0}')}\n${text}`).findings);
    expect(
      messages.map((findings) => findings.map(({ line: at, message }) => `${at}: ${message}`).join()),
    ).toMatchInlineSnapshot(`
      [
        "2: canary: -1 requests and 0 errors are not counts",
        "2: canary: 1.5 requests and 0 errors are not counts",
        "2: canary: 1e+300 requests and 0 errors are not counts",
        "2: canary: 11 errors of 10 requests",
        "2: "canary" needs the numbers requests and errors",
        "2: canary: the cumulative counts of the histogram fall",
        "2: "canary.latency" needs unit "s", bounds and cumulative",
        "2: "at" is not an instant: write ISO 8601, or seconds or milliseconds since 1970",
        "2: "service" is no field of a block: at, canary, stable",
        "2: this is not a JSON object",
        "2: this is not a JSON object",
      ]
    `);
  });

  test('another CSV, an empty trace, blocks twice and out of order', () => {
    expect(readTrace('time,requests\n1,2').findings[0]?.severity).toBe('error');
    expect(readTrace('').findings).toEqual([
      { line: null, severity: 'error', message: 'the trace has no block that can be read' },
    ]);
    const jumping = `${csv([0, 0])}\n1767225605,50,0,450,0\n1767225600,50,0,450,0`;
    expect(readTrace(jumping)).toMatchObject({
      blocks: [{}, {}],
      findings: [
        { line: 4, message: 'a second block for the same instant: left out' },
        { line: 5, message: 'a block that ends before the one above it: left out' },
      ],
    });
  });

  test('no text makes it fail, and its findings stay few', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        readTrace(text);
        readTrace(`${header}\n${text}`);
      }),
    );
    expect(readTrace(`${header}\n${'x\n'.repeat(10_000)}`).findings.length).toBeLessThan(110);
  });
});

describe('replay', () => {
  test('a bad release', () => {
    const { result, exit, steps } = replay(readTrace(csv([0, 0, 0, 30, 30, 30, 30])), plan);
    expect(exit).toBe(3);
    expect(result).toMatchObject({
      verdict: 'fail',
      decidedAt: '2026-01-01T00:00:20.000Z',
      blocks: 5,
      canaryRequests: 250,
      canaryErrors: 60,
    });
    expect(steps.map(({ kind }) => kind)).toEqual(['notEnoughData', 'pass', 'fail']);
  });

  test('a good one passes; one with unreadable lines does not', () => {
    const good = csv(Array.from({ length: 20 }, () => 0));
    expect(replay(readTrace(good), plan)).toMatchObject({
      exit: 0,
      result: { verdict: 'pass', decidedAt: null },
    });
    expect(replay(readTrace(`${good}\n1767226000,NaN,0,450,0`), plan)).toMatchObject({
      exit: 5,
      result: { verdict: 'providerError' },
    });
    expect(replay(readTrace(''), plan)).toMatchObject({ exit: 5, result: { verdict: 'noData', blocks: 0 } });
  });

  test('thirty thousand blocks in a moment', () => {
    const long = csv(
      Array.from({ length: 30_000 }, (_, index) => (index % 40 === 0 ? 1 : 0)),
      '450,1',
    );
    expect(replay(readTrace(long), plan).result.blocks).toBe(30_000);
  });
});
