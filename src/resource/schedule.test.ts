import { expect, test } from 'vitest';
import { canary, type Json, one, processOf } from './fixtures/resources.ts';
import { estimatePlan, type ScheduleOptions } from './schedule.ts';

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
      "8-308 s step 10 %, 3000 requests, finds 1.52 %",
      "308-908 s step 25 %, 15000 requests, finds 1.33 %",
      "908-1808 s step 50 %, 45000 requests, finds 1.23 %",
      "1808-1816 s promotion 100 %",
      "1816-2416 s bake 100 %, 60000 requests",
      "2416-2448 s drain ? %",
    ]
  `);
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
  expect(of({ steps }, {})).toEqual({ detectionMs: 120_000, restoreMs: 100, drainMs: 30_000 });
  expect(of({ stepWeight: 10 }, {}, 'flagger.app/v1beta1')).toEqual({
    detectionMs: 180_000,
    restoreMs: 100,
    drainMs: 30_000,
  });
  expect(of({}, { strategy: 'Rolling' })).toEqual({ detectionMs: 120_000, restoreMs: 40_000, drainMs: 0 });
});
