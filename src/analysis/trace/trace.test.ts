import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JudgePlan } from '../judge.ts';
import { replay } from './replay.ts';
import { readTrace, traceOf } from './trace.ts';
import { readInstant } from './trace-line.ts';
import { TraceReader } from './trace-reader.ts';
import { writeTrace } from './write-trace.ts';

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
    for (const same of [
      '2026-01-01t00:00:05z',
      '20260101T000005Z',
      '2026-01-01T00:00:05,000Z',
      '2026-01-01T01:00:05+0100',
      '2025-12-31T19:00:05-05',
      '1767225605',
      '1.767225605e9',
      1_767_225_605_000,
    ])
      expect(readInstant(same), String(same)).toBe(1_767_225_605_000);
    expect(readInstant('2026-01-01')).toBe(1_767_225_600_000);
    expect(readInstant('1767225605.5')).toBe(1_767_225_605_500);
    for (const bad of ['soon', '', null, Number.NaN, -5, 1e20, {}, true, '2026-13-01', '2026-01-01T25:00Z'])
      expect(readInstant(bad)).toBe(null);
  });

  test('what cannot be is said with its line', () => {
    const line = (canary: string): string => `{"at":1767225605,"canary":${canary}}`;
    const messages = [
      line('{"requests":-1,"errors":0}'),
      line('{"requests":1.5,"errors":0}'),
      line('{"requests":1e300,"errors":0}'),
      line('{"requests":10,"errors":11}'),
      line('{"requests":2000000000000,"errors":0}'),
      line('{"requests":10}'),
      line('{"requests":10,"errors":0,"service":"other"}'),
      line('{"requests":10,"errors":0,"latency":{"unit":"s","bounds":[1,2],"cumulative":[5,4]}}'),
      line('{"requests":10,"errors":0,"latency":{"unit":"ms","bounds":[1],"cumulative":[5]}}'),
      line('{"requests":10,"errors":0,"latency":{"unit":"s","bounds":[1,"+Inf"],"cumulative":[5,10]}}'),
      line('{"requests":10,"errors":0,"latency":{"unit":"s","bounds":[2,1],"cumulative":[5,10]}}'),
      line('{"requests":10,"errors":0,"latency":{"unit":"s","bounds":[1,2],"cumulative":[5]}}'),
      '{"at":"yesterday"}',
      '{"at":1767225610,"from":1767225610}',
      '{"at":1767225610,"from":1767225600}',
      '{"service":"other","at":1}',
      'not json',
      '{"at":1767225605,"canary":NaN}',
    ].map((text) => readTrace(`${line('{"requests":1,"errors":0}')}\n${text}`).findings);
    expect(
      messages.map((findings) => findings.map(({ line: at, message }) => `${at}: ${message}`).join()),
    ).toMatchInlineSnapshot(`
      [
        "2: canary: -1 requests and 0 errors are not counts: left out",
        "2: canary: 1.5 requests and 0 errors are not counts: left out",
        "2: canary: 1e+300 requests and 0 errors are not counts: left out",
        "2: canary: 11 errors of 10 requests: left out",
        "2: canary: 2000000000000 requests in one block cannot be: left out",
        "2: "canary" needs the numbers requests and errors: left out",
        "2: "canary.service" is no field of an arm: requests, errors, latency: left out",
        "2: canary: the cumulative counts of the histogram fall: left out",
        "2: "canary.latency" needs unit "s": left out",
        "2: "canary.latency" needs bounds: a list of seconds, without the one for infinity, since what is missing is slower: left out",
        "2: canary: the bounds of the histogram do not rise: left out",
        "2: canary: the histogram has not one count for each bound: left out",
        "2: "at" is not an instant: write ISO 8601, or seconds or milliseconds since 1970: left out",
        "2: "from" is not before "at": left out",
        "2: a block that begins before the one above it ends: left out",
        "2: "service" is no field of a block: at, from, canary, stable: left out",
        "2: this is not a JSON object: left out",
        "2: this is not a JSON object: left out",
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
        { line: 4, severity: 'error', message: 'a second block for the same instant: left out' },
        { line: 5, severity: 'error', message: 'a block that ends before the one above it: left out' },
      ],
    });
  });

  test('a CSV as other programs write it', () => {
    const text =
      '\uFEFF"AT", "canary_requests","canary_errors"\r\n"1767225605","50.0","0"\r\n\r\n1767225610,,\r\n';
    expect(readTrace(text)).toMatchObject({
      findings: [],
      blocks: [{ canary: { requests: 50, errors: 0 } }, { atMs: 1_767_225_610_000 }],
    });
  });

  test('a clock that jumps, or blocks that are missing; but not a long block, or a pause that is said', () => {
    const block = (at: number, requests: number, from = ''): string =>
      `{"at":${1_767_225_600 + at}${from},"canary":{"requests":${requests},"errors":0}}`;
    const blocks = Array.from({ length: 50 }, (_, index) => block(index * 5, 50));
    const findings = (last: string): readonly unknown[] => readTrace([...blocks, last].join('\n')).findings;
    expect(findings(block(7_200, 50))).toEqual([
      {
        line: 51,
        severity: 'error',
        message:
          'no block covers the 116 minutes before this one, where blocks are of 5 s: blocks are missing, or the clock jumped',
      },
    ]);
    expect(findings(block(7_200, 70_000))).toEqual([]);
    expect(findings(block(7_200, 50, `,"from":${1_767_225_600 + 7_195}`))).toEqual([]);
  });

  test('bounds that change are said once a change', () => {
    const line = (at: number, bounds: string): string =>
      `{"at":${at},"canary":{"requests":9,"errors":0,"latency":{"unit":"s","bounds":${bounds},"cumulative":[1,2]}}}`;
    const text = [line(1, '[1,2]'), line(2, '[1,2]'), line(3, '[1,4]'), line(4, '[1,4]')].join('\n');
    expect(readTrace(text).findings).toEqual([
      { line: 3, severity: 'warning', message: 'the histogram of the canary has other bounds from here on' },
    ]);
  });

  test('parts of any size read as the whole does', () => {
    const whole = `${csv([0, 1, 2])}\r\n1767225700,x,0,1,0\n`;
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length), { maxLength: 6 }), (cuts) => {
        const reader = new TraceReader();
        const ends = [...cuts, whole.length].toSorted((a, b) => a - b);
        ends.reduce((from, end) => {
          reader.add(whole.slice(from, end));
          return end;
        }, 0);
        expect(traceOf(reader)).toEqual(readTrace(whole));
      }),
    );
  });

  test('megabytes without a line end are given up, in memory too', () => {
    const part = 'x'.repeat(1024 * 1024);
    const garbage = new TraceReader();
    let parts = 0;
    while (garbage.add(part)) parts += 1;
    expect(parts).toBe(16);
    const long = new TraceReader();
    long.add('{"at":1,"canary":{"requests":1,"errors":0}}\n{');
    for (let count = 0; count < 40; count += 1) long.add(part);
    long.add('}\n{"at":3,"canary":{"requests":1,"errors":0}}');
    const { blocks, findings } = traceOf(long);
    expect(blocks.length).toBe(2);
    expect(findings).toEqual([
      { line: 2, severity: 'error', message: 'the line is longer than 16777216 characters: left out' },
    ]);
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
    expect(steps.map(({ kind }) => kind)).toEqual(['notEnoughData', 'pass', 'pass', 'pass', 'fail']);
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

  test('what is missing could have been the failure', () => {
    const good = csv(Array.from({ length: 20 }, () => 0));
    const again = `${good}\n${good.split('\n').at(-1)}`;
    expect(replay(readTrace(again), plan)).toMatchObject({ exit: 5, result: { verdict: 'providerError' } });
    const noCanary = good.replaceAll(',50,0,', ',,,');
    expect(replay(readTrace(noCanary), plan)).toMatchObject({ exit: 5, result: { verdict: 'noData' } });
  });

  test('limits that say little', () => {
    const good = readTrace(csv(Array.from({ length: 20 }, () => 0)));
    const under = (max: number): readonly [number, readonly string[]] => {
      const checks = plan.checks.map((check) => ({ ...check, limit: { max } }));
      const { exit, findings } = replay(good, { ...plan, checks });
      return [exit, findings.map(({ message }) => message)];
    };
    expect([under(0), under(100)]).toMatchInlineSnapshot(`
      [
        [
          0,
          [
            "error-rate: the limit is 0 %, so a single error breaks it, and no number of requests proves it kept",
          ],
        ],
        [
          5,
          [
            "error-rate: the limit is 100 %, which no release can break",
          ],
        ],
      ]
    `);
  });

  test('latency that the histogram cannot tell, or has only in part', () => {
    const check = {
      ...plan.checks[0],
      name: 'latency',
      measure: { kind: 'latencyQuantile', quantile: 0.95 },
      limit: { max: 2 },
      shownUnit: 's',
    } as const;
    const line = (at: number, latency: string): string =>
      `{"at":${1_767_225_600 + at * 5},"canary":{"requests":50,"errors":0${latency}}}`;
    const histogram = (bounds: string): string =>
      `,"latency":{"unit":"s","bounds":[${bounds}],"cumulative":[40,45]}`;
    const outcome = (lines: readonly string[], judge: JudgePlan['judge']): readonly unknown[] => {
      const { exit, result, findings } = replay(readTrace(lines.join('\n')), {
        ...plan,
        judge,
        checks: [check] as JudgePlan['checks'],
      });
      return [exit, result.verdict, ...findings.map(({ message }) => message)];
    };
    const ats = Array.from({ length: 20 }, (_, index) => index);
    const far = ats.map((at) => line(at, histogram('0.1,60').replace('40,45', '40,50')));
    const near = ats.map((at) => line(at, histogram('1,2').replace('40,45', '49,50')));
    const partly = ats.map((at) => line(at, at < 10 ? histogram('1,2').replace('40,45', '49,50') : ''));
    expect([
      outcome(far, 'bet'),
      outcome(near, 'bet'),
      outcome(partly, 'bet'),
      outcome(partly, 'threshold'),
    ]).toMatchInlineSnapshot(`
      [
        [
          5,
          "notEnoughData",
          "latency: 2 s is no bound of the histogram (next to it: 0.1 s, 60 s), so requests near it cannot be told apart",
        ],
        [
          0,
          "pass",
        ],
        [
          5,
          "noData",
          "10 of 20 blocks of the canary have no latency",
        ],
        [
          5,
          "noData",
          "10 of 20 blocks of the canary have no latency",
        ],
      ]
    `);
  });

  test('any counts at all end in a verdict', () => {
    const count = fc.oneof(fc.nat(100), fc.constantFrom(0, 1, 1e12, 1e12 - 1));
    const line = fc.tuple(count, count, count, count, fc.nat(100_000)).map(([a, b, c, d, at]) => {
      const [canary, stable] = [Math.max(a, b), Math.max(c, d)];
      return `${at},${canary},${Math.min(a, b)},${stable},${Math.min(c, d)}`;
    });
    const judges = ['bet', 'threshold', 'likelihood', 'kayenta'] as const;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.constantFrom(...judges), (lines, judge) => {
        const { exit, result } = replay(readTrace([header, ...lines].join('\n')), { ...plan, judge });
        expect(JSON.stringify(result)).not.toMatch(/NaN|Infinity/);
        expect([0, 3, 5]).toContain(exit);
      }),
      { numRuns: 60 },
    );
  });

  test('thirty thousand blocks in a moment', () => {
    const long = csv(
      Array.from({ length: 30_000 }, (_, index) => (index % 40 === 0 ? 1 : 0)),
      '450,1',
    );
    expect(replay(readTrace(long), plan).result.blocks).toBe(30_000);
  });
});

describe('writing', () => {
  test('is read back with the same counts, ends and lengths', () => {
    const latency = { unit: 's', bounds: [0.1, 0.5], cumulative: [20, 44] } as const;
    const blocks = [
      { atMs: 1_767_225_605_000, durationMs: 1_000, canary: { requests: 50, errors: 1, latency } },
      {
        atMs: 1_767_225_606_000,
        durationMs: 999,
        canary: { requests: 50, errors: 0 },
        stable: { requests: 9, errors: 0 },
      },
      { atMs: 1_767_235_607_000, durationMs: 500, canary: { requests: 3, errors: 0 } },
    ];
    const written = writeTrace(blocks).map((line) => JSON.stringify(line));
    expect(written).toMatchInlineSnapshot(`
      [
        "{"at":"2026-01-01T00:00:05.000Z","from":"2026-01-01T00:00:04.000Z","canary":{"requests":50,"errors":1,"latency":{"unit":"s","bounds":[0.1,0.5],"cumulative":[20,44]}}}",
        "{"at":"2026-01-01T00:00:06.000Z","canary":{"requests":50,"errors":0},"stable":{"requests":9,"errors":0}}",
        "{"at":"2026-01-01T02:46:47.000Z","from":"2026-01-01T02:46:46.500Z","canary":{"requests":3,"errors":0}}",
      ]
    `);
    const read = readTrace(written.join('\n'));
    expect(read.findings).toEqual([]);
    expect(read.blocks).toEqual(
      blocks.map((block) => ({ ...block, durationMs: block.durationMs === 999 ? 1_000 : block.durationMs })),
    );
  });

  test('a retried attempt is a request of the arm that failed it', () => {
    const [line] = writeTrace([{ atMs: 5_000, durationMs: 1_000, canary: { requests: 0, errors: 2 } }]);
    expect(line?.canary).toEqual({ requests: 2, errors: 2 });
  });
});
