import { expect, test } from 'vitest';
import { assert } from '../lib/assert.ts';
import type { Plan } from '../rollout/plan.ts';
import { canary, type Json, one, processOf } from './fixtures/resources.ts';
import { estimatePlan, type Schedule, type ScheduleOptions } from './schedule.ts';

function rows(analysis: Json, spec: Json, options: Partial<ScheduleOptions>): readonly string[] {
  const { plan } = one(canary(analysis, spec), processOf({ minReadySeconds: 5 })).spec;
  return estimatePlan(plan, options).rows.map((row) => {
    const share = row.sharePercent === null ? '?' : String(row.sharePercent);
    const requests = row.canaryRequests === null ? '' : `, ${row.canaryRequests} requests`;
    const least = row.detectablePercent === null ? '' : `, finds ${row.detectablePercent.toFixed(2)} %`;
    const stretched = row.stretched ? ', stretched' : '';
    return `${row.startsAtMs / 1000}-${row.endsAtMs / 1000} s ${row.kind} ${share} %${requests}${least}${stretched}`;
  });
}

const steps = [
  { weight: 10, duration: '5m' },
  { weight: 25, duration: '10m' },
  { weight: 50, duration: '15m' },
];

test('says when what happens, and what it can see', () => {
  expect(
    rows({ steps }, { bakeDuration: '10m' }, { requestsPerSecond: 100, startMs: 3000 }),
  ).toMatchInlineSnapshot(`
    [
      "0-8 s start ? %",
      "8-308 s step 10 %, 3000 requests, finds 2.19 %",
      "308-908 s step 25 %, 15000 requests, finds 1.48 %",
      "908-1808 s step 50 %, 45000 requests, finds 1.27 %",
      "1808-1816 s promotion 100 %",
      "1816-2416 s bake 100 %, 60000 requests",
      "2416-2448 s drain ? %",
    ]
  `);
});

test('judged by threshold, a step finds what one window shows', () => {
  expect(rows({ steps, judge: 'threshold' }, {}, { requestsPerSecond: 100 }).slice(1, 4)).toEqual([
    '5-305 s step 10 %, 3000 requests, finds 1.52 %',
    '305-905 s step 25 %, 15000 requests, finds 1.33 %',
    '905-1805 s step 50 %, 45000 requests, finds 1.23 %',
  ]);
  // A check never looks at fewer requests than it needs.
  expect(rows({ steps, judge: 'threshold' }, {}, { requestsPerSecond: 1 })[1]).toBe(
    '5-305 s step 10 %, 30 requests',
  );
});

test('says nothing of requests where the traffic is not known', () => {
  expect(rows({ steps }, { promotion: 'rolling' }, {})).toMatchInlineSnapshot(`
    [
      "0-5 s start ? %",
      "5-305 s step 10 %",
      "305-905 s step 25 %",
      "905-1805 s step 50 %",
      "1805-1825 s promotion 50 %",
    ]
  `);
});

test('waits for the requests that a step needs', () => {
  expect(
    rows({ steps: [{ weight: 10, duration: '1m', minRequests: 1200 }] }, {}, { requestsPerSecond: 100 })[1],
  ).toMatch(/^5-125 s step 10 %, 1200 requests.*stretched$/);
});

test('a share that matches depends on who matches', () => {
  const match = [{ headers: { x: { exact: '1' } } }];
  expect(rows({ iterations: 3, match }, {}, { requestsPerSecond: 100 })[1]).toBe('5-185 s step ? %');
});

test('a rollback is a write while there are two arms, and a roll where there is one', () => {
  const of = (analysis: Json, spec: Json, apiVersion?: string): unknown => {
    const { plan } = one(canary(analysis, spec, apiVersion), processOf({ minReadySeconds: 5 })).spec;
    return estimatePlan(plan, { startMs: 5000 }).rollback;
  };
  expect(of({ steps }, {})).toEqual({ detectionMs: null, restoreMs: 100, drainMs: 30_000 });
  expect(of({ steps, judge: 'threshold' }, {})).toEqual({
    detectionMs: 120_000,
    restoreMs: 100,
    drainMs: 30_000,
  });
  expect(of({ threshold: 2, stepWeight: 10 }, {}, 'flagger.app/v1beta1')).toEqual({
    detectionMs: 180_000,
    restoreMs: 100,
    drainMs: 30_000,
  });
  expect(of({ judge: 'threshold' }, { strategy: 'Rolling' })).toEqual({
    detectionMs: 120_000,
    restoreMs: 40_000,
    drainMs: 0,
  });
});

function scheduleOf(
  analysis: Json,
  options: Partial<ScheduleOptions>,
  settings: Partial<Plan['judging']> = {},
): Schedule {
  const { plan } = one(canary(analysis, { bakeDuration: '0s' }), processOf()).spec;
  return estimatePlan({ ...plan, judging: { ...plan.judging, ...settings } }, options);
}

const tight = [{ name: 'error-rate', objective: '0.1 %' }];
/** One test alone shares α with nobody: so are the tables of the literature. */
const alone = { checks: [{ ...checkOf('0.1 %'), compare: false }] };

function checkOf(objective: string): Plan['judging']['checks'][number] {
  const { plan } = one(canary({ metrics: [{ name: 'error-rate', objective }] }), processOf()).spec;
  const [check] = plan.judging.checks;
  assert(check !== undefined, 'the plan has a check');
  return check;
}

test('judged by bet, a step finds what all its requests show: limit 0.1 %, 10 % × 5 m, 25 % × 10 m, 50 % × 15 m', () => {
  for (const [requestsPerSecond, ...percents] of [
    [1, 16.6, 4.6, 2],
    [10, 2.7, 0.89, 0.47],
    [100, 0.59, 0.27, 0.19],
    [1000, 0.22, 0.15, 0.13],
  ] as const) {
    const found = scheduleOf({ steps }, { requestsPerSecond }, alone).rows.flatMap(
      ({ detectablePercent }) => detectablePercent ?? [],
    );
    expect(found).toHaveLength(3);
    for (const [index, percent] of found.entries()) {
      const written = percents[index] ?? 0;
      expect(Math.abs(percent - written)).toBeLessThanOrEqual(written >= 1 ? 0.1 : 0.011);
    }
  }
});

test('α that is shared by several tests finds a little less, and latency is a share of slow requests', () => {
  const metrics = [...tight, { name: 'latency', objective: 'p95 2 s' }];
  const [, row] = scheduleOf({ steps, metrics }, { requestsPerSecond: 10 }).rows;
  expect(
    row?.finds.map(({ checks, counts, slowerThanSeconds, limitPercent, requests, smallestPercent }) => [
      checks.join(' '),
      counts,
      slowerThanSeconds,
      Number(limitPercent.toPrecision(6)),
      requests,
      Number(smallestPercent?.toPrecision(2)),
    ]),
  ).toEqual([
    ['error-rate', 'errors', null, 0.1, 300, 2.9],
    ['latency', 'slower', 2, 5, 300, 14],
  ]);
});

test('a limit of nothing is broken by the first failure, which comes in 9 of 10 steps', () => {
  const none = { checks: [{ ...checkOf('0 %'), compare: false }] };
  const schedule = scheduleOf({ steps }, { requestsPerSecond: 10 }, none);
  expect(schedule.rows[1]?.detectablePercent).toBeCloseTo((Math.LN10 / 300) * 100, 9);
  expect(forecasts(schedule)[0]).toMatch(/^1 % found/);
});

test('the gate: what is written, or else its own forecast; threshold has none', () => {
  const written = [{ weight: 10, duration: '5m', minRequests: 500 }, ...steps.slice(1)];
  const gates = (analysis: Json): unknown =>
    scheduleOf({ steps: written, ...analysis }, { requestsPerSecond: 100 }).rows.flatMap(({ kind, gate }) =>
      kind === 'step' ? [gate] : [],
    );
  expect(gates({})).toEqual([
    { kind: 'requests', requests: 500 },
    { kind: 'forecast', requests: 15_000 },
    { kind: 'forecast', requests: 45_000 },
  ]);
  expect(gates({ judge: 'threshold' })).toEqual([
    { kind: 'requests', requests: 500 },
    { kind: 'none' },
    { kind: 'none' },
  ]);
});

function forecasts(schedule: Schedule): readonly string[] {
  return schedule.forecasts.map(({ errorPercent, kind, seconds, failedRequests, withinStep }) => {
    const cost = seconds === null ? '' : ` ${seconds.toFixed(1)} s ${failedRequests?.toFixed(1) ?? '?'}`;
    return `${errorPercent} % ${kind}${cost}${withinStep ? '' : ' longer'}`;
  });
}

test('what a bad canary costs: evidence for bet, the clock for threshold', () => {
  const at = (requestsPerSecond: number | null, analysis: Json): readonly string[] =>
    forecasts(scheduleOf({ steps, metrics: tight, ...analysis }, { requestsPerSecond }));
  expect(at(100, {})).toEqual(['1 % found 52.4 s 5.2', '5 % found 5.0 s 2.5', '50 % found 2.0 s 10.0']);
  expect(at(1, {})).toEqual([
    '1 % found 5238.2 s 5.2 longer',
    '5 % found 498.5 s 2.5 longer',
    '50 % found 26.7 s 1.3',
  ]);
  expect(at(null, {})).toEqual([]);
  const loose = [{ name: 'error-rate', objective: '1 %' }];
  expect(at(100, { metrics: loose })[0]).toBe('1 % onlyCompared longer');
  // 1 m × 5, which rolls back at the tick after the fifth.
  const clock = { judge: 'threshold', interval: '1m', threshold: 5 };
  expect(at(100, clock)).toEqual([
    '1 % found 300.0 s 30.0',
    '5 % found 300.0 s 150.0',
    '50 % found 300.0 s 1500.0',
  ]);
  expect(at(null, clock)[2]).toBe('50 % found 300.0 s ?');
  expect(at(1, clock)[2]).toBe('50 % tooFew longer');
  expect(at(100, { ...clock, metrics: loose })[0]).toBe('1 % withinLimit longer');
  const next = scheduleOf(
    { steps, ...clock, metrics: tight },
    { requestsPerSecond: 100 },
    { failAt: 'nextTick' },
  );
  expect(forecasts(next)[2]).toBe('50 % found 360.0 s 1800.0 longer');
});

test('what threshold does to a healthy release: 30 checks of one minute, limit 0.1 %', () => {
  // Canary requests a check, failed checks and rolled back rollouts in percent, at half the limit.
  for (const [requests, failed, rolledBack] of [
    [60, 3.0, 0.2],
    [300, 13.9, 41],
    [600, 25.9, 92],
    [1500, 17.3, 61],
    [3000, 6.6, 4.4],
    [6000, 3.4, 0.3],
  ] as const) {
    const analysis = {
      steps: [{ weight: 10, duration: '30m' }],
      metrics: tight,
      interval: '1m',
      threshold: 5,
    };
    const [alarm] = scheduleOf(analysis, { requestsPerSecond: requests / 6 }).thresholdAlarms;
    expect(alarm).toMatchObject({ check: 'error-rate', requestsPerCheck: requests, checks: 30 });
    expect(Math.abs((alarm?.failedChecksPercent ?? 0) - failed)).toBeLessThanOrEqual(0.1);
    expect(Math.abs((alarm?.rolledBackPercent ?? 0) - rolledBack)).toBeLessThanOrEqual(
      rolledBack > 10 ? 1 : 0.1,
    );
  }
});

test('steps of different traffic add up, and windows that overlap are one look', () => {
  const at = (interval: string, threshold: number): string | undefined => {
    const found = scheduleOf({ steps, metrics: tight, interval, threshold }, { requestsPerSecond: 100 });
    const [alarm] = found.thresholdAlarms;
    return (
      alarm && `${alarm.checks} ${alarm.failedChecksPercent.toFixed(1)} ${alarm.rolledBackPercent.toFixed(1)}`
    );
  };
  // 5 × 25.9 %, 10 × 17.3 %, 15 × 6.6 %.
  expect(at('1m', 5)).toBe('30 13.4 37.3');
  expect(at('10s', 3)).toBe('30 13.4 98.8');
  expect(at('1m', 1)).toBe('30 13.4 98.8');
  expect(at('1m', 31)).toBe('30 13.4 0.0');
});

test('the bound holds for what is counted, and for no other judge', () => {
  const { falseRollbackPercent, guarantee } = scheduleOf({ steps, falseRollback: '0.5 %' }, {});
  expect([falseRollbackPercent, guarantee]).toEqual([0.5, { checks: ['error-rate'], without: [] }]);
  const none = scheduleOf({ steps, judge: 'threshold' }, {});
  expect([none.falseRollbackPercent, none.guarantee]).toEqual([
    null,
    { checks: [], without: ['error-rate'] },
  ]);
});
