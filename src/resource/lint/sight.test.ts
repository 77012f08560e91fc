import { describe, expect, test } from 'vitest';
import {
  canary,
  errors,
  findingsOf,
  objective,
  ours,
  p95,
  process,
  query,
  sightCodes,
  type Tree,
} from '../fixtures/lint-documents.ts';
import type { lintCodes } from './lint-codes.ts';

const thirty = [{ weight: 10, duration: '30m' }];

/** One share of errors with a limit of 0.1 %, on one machine. */
function counted(metric: Tree = {}, analysis: Tree = {}): Tree {
  return ours({}, { metrics: [{ name: 'error-rate', objective: '0.1 %', ...metric }], ...analysis });
}

const once = { threshold: 1, stepWeights: [10, 20, 30, 40, 50] };

/** A query that is a ratio says the same as a built-in check. */
function asked(max: number): Tree {
  const metric = { name: 'mine', interval: '30s', thresholdRange: { max }, query: `${errors} * 100` };
  return canary({ metric, analysis: once });
}

const reading = { name: 'mine', query: 'sum(queue_length)', thresholdRange: { max: 10 } };

/** An objective of a Deployment: measured from Prometheus. */
function onCluster(parts: Tree): Tree {
  const targetRef = { kind: 'Deployment', name: 'shop' };
  return ours({ targetRef }, { metrics: [{ name: 'latency', objective: parts }] });
}

function slow(thresholdRange: Tree, provider = 'istio'): Tree {
  return canary({ spec: { provider }, metric: { name: 'request-duration', thresholdRange } });
}

function twice(name: string, limit: string, other: string, otherLimit: string): Tree {
  return ours(
    {},
    {
      metrics: [
        { name, objective: limit },
        { name: other, objective: otherLimit },
      ],
    },
  );
}

/** Code, documents that have it, documents that do not, and the requests a second that are known. */
type Case = readonly [keyof typeof lintCodes, readonly Tree[], readonly Tree[], number?];

const cases: readonly Case[] = [
  [
    'limit-not-observable',
    [counted({ minRequests: 100 }, { judge: 'threshold' })],
    [counted({ minRequests: 3000 }, { judge: 'threshold' })],
  ],
  [
    'threshold-false-alarms',
    [counted({ minRequests: 600 }, { judge: 'threshold', interval: '1m', steps: thirty })],
    [counted({ minRequests: 600 }, { interval: '1m', steps: thirty })],
  ],
  [
    'threshold-false-alarms',
    [counted({ minRequests: 600 }, { judge: 'threshold', interval: '1m', steps: thirty })],
    [counted({ minRequests: 60_000 }, { judge: 'threshold', interval: '1m', steps: thirty, threshold: 5 })],
  ],
  [
    'latency-limit-between-bounds',
    [onCluster({ limit: 'p95 2s', buckets: 'r_bucket' })],
    [onCluster({ limit: 'p95 2.5s', buckets: 'r_bucket' })],
  ],
  [
    'latency-limit-between-bounds',
    [onCluster({ limit: 'p95 1s', buckets: 'traefik_service_request_duration_seconds_bucket' })],
    [onCluster({ limit: 'p95 1200ms', buckets: 'traefik_service_request_duration_seconds_bucket' })],
  ],
  ['latency-limit-between-bounds', [slow({ max: 2000 })], [slow({ max: 2500 })]],
  ['latency-limit-between-bounds', [slow({ max: 500 }, 'traefik')], [slow({ max: 2000 }, 'nginx')]],
  [
    'latency-limit-between-bounds',
    [query(`${p95} * 1000`, { thresholdRange: { max: 2000 } })],
    [query(`${p95} * 1000`, { thresholdRange: { max: 2500 } })],
  ],
  // On one machine the limit is itself a bound.
  [
    'latency-limit-between-bounds',
    [slow({ max: 700 })],
    [ours({}, { metrics: [{ name: 'latency', objective: 'p95 2 s' }] })],
  ],
  [
    'step-few-looks',
    [counted({}, { judge: 'threshold', interval: '10s' })],
    [counted({}, { judge: 'threshold', interval: '6s' })],
  ],
  ['step-few-looks', [ours({ metricsServer: 'http://p' }, { metrics: [reading] })], [counted({})]],
  [
    'comparison-cannot-tell',
    [ours({}, { metrics: [{ name: 'memory' }] }), process({ replicas: 5 })],
    [ours({}, { metrics: [{ name: 'memory', compare: 'none' }] }), process({ replicas: 5 })],
  ],
  [
    'comparison-cannot-tell',
    [ours({}, { metrics: [{ name: 'memory' }] }), process({ replicas: 5 })],
    [
      ours({}, { metrics: [{ name: 'memory' }], steps: [{ weight: 100, duration: '1m' }] }),
      process({ replicas: 5 }),
    ],
  ],
  [
    'comparison-cannot-tell',
    [ours({}, { metrics: [{ ...reading, compare: 'stable' }] }), process({ replicas: 9 })],
    [ours({}, { metrics: [reading] }), process({ replicas: 9 })],
  ],
  [
    'metric-same-check',
    [twice('error-rate', '0.1 %', 'request-success-rate', '> 99.9 %')],
    [twice('error-rate', '0.1 %', 'latency', 'p95 2 s')],
  ],
  ['metric-same-check', [twice('a', 'p95 2 s', 'b', 'p99 2 s')], [twice('a', 'p95 2 s', 'b', 'p99 3 s')]],
  [
    'metric-same-check',
    [
      ours(
        {},
        {
          metrics: [
            { name: 'request-duration', thresholdRange: { max: 500 } },
            { name: 'b', objective: 'p99 500ms' },
          ],
        },
      ),
    ],
    [
      ours(
        {},
        {
          metrics: [
            { name: 'request-duration', thresholdRange: { max: 500 } },
            { name: 'b', objective: 'p99 600ms' },
          ],
        },
      ),
    ],
  ],
  [
    'metric-same-check',
    [
      ours(
        {},
        {
          metrics: [
            { name: 'request-success-rate', thresholdRange: { min: 99.9 } },
            { name: 'b', objective: { limit: '0.1 %', total: 'r', bad: 'r{code="500"}' } },
          ],
        },
      ),
    ],
    [objective({ total: 'r', bad: 'b' })],
  ],
  [
    'limit-not-observable',
    [counted({}, { steps: [{ weight: 10, duration: '5m' }] })],
    [counted({}, { steps: [{ weight: 10, duration: '5m', minRequests: 3000 }] })],
    10,
  ],
  [
    'limit-not-observable',
    [counted({}, { steps: thirty })],
    [counted({ objective: '2 %' }, { steps: thirty })],
    1,
  ],
  [
    'effect-not-visible',
    [counted({}, { steps: thirty, minEffect: '0.5 %' })],
    [counted({}, { steps: thirty, minEffect: '2 %' })],
    10,
  ],
  [
    'effect-not-visible',
    [counted({}, { steps: thirty, minEffect: '0.2 %', judge: 'threshold' })],
    [counted({}, { steps: thirty, judge: 'threshold' })],
    100,
  ],
  [
    'threshold-false-alarms',
    [canary({ metric: { name: 'request-success-rate', thresholdRange: { min: 99.9 } }, analysis: once })],
    [canary({ metric: { name: 'request-success-rate', thresholdRange: { min: 90 } }, analysis: once })],
    100,
  ],
  ['threshold-false-alarms', [asked(0.1)], [asked(5)], 100],
];

describe('rules', () => {
  const named = cases.map(([code, failing, passing, rps = null]) => ({ code, failing, passing, rps }));
  test.each(named)('$code', ({ code, failing, passing, rps }) => {
    expect(findingsOf(failing, rps).map((finding) => finding.code)).toContain(code);
    expect(findingsOf(passing, rps).map((finding) => finding.code)).not.toContain(code);
  });

  test('every code has a case', () => {
    expect(sightCodes.filter((code) => !cases.some(([tested]) => tested === code))).toEqual([]);
  });
});

function said(code: string, rps: number | null, ...trees: readonly Tree[]): readonly string[] {
  return findingsOf(trees, rps).flatMap((finding) =>
    finding.code === code ? [`${finding.line}: ${finding.message} FIX ${finding.fix}`] : [],
  );
}

describe('what the steps can see, in words', () => {
  const step = { steps: [{ weight: 10, duration: '5m' }] };
  const alone = { compare: 'none' };

  test('at 1 request a second, and what to do about it', () => {
    expect(said('limit-not-observable', 1, counted(alone, step))).toMatchInlineSnapshot(`
      [
        "14: At 1 request a second the step of 10 % for 5m sees 30 requests. A limit of 0.1 % allows 0.03 of them: one failure is 3.3 %, and a canary ten times too bad shows none with a chance of 74 %. The smallest share found with 90 % is 16.6 %. FIX use weight: 50 at once (finds 4.6 %), hold the step for 3h28m (finds 1 %), make load of 42 requests a second, or accept 16.6 %",
      ]
    `);
    expect(said('limit-not-observable', 2, counted(alone, step))).toMatchInlineSnapshot(`
      [
        "14: At 2 requests a second the step of 10 % for 5m sees 60 requests. A limit of 0.1 % allows 0.06 of them: one failure is 1.7 %, and a canary ten times too bad shows none with a chance of 54.7 %. The smallest share found with 90 % is 9.5 %. FIX use weight: 50 at once (finds 2.7 %), hold the step for 1h44m (finds 1 %), make load of 42 requests a second, or accept 9.5 %",
      ]
    `);
    expect(
      said('limit-not-observable', 10, counted({}, { ...step, judge: 'threshold' })),
    ).toMatchInlineSnapshot(`
      [
        "14: At 10 requests a second the step of 10 % for 5m shows each check 60 requests. A limit of 0.1 % allows 0.06 of them: one failure is 1.7 %, and a canary ten times too bad shows none with a chance of 54.7 %. The smallest share found with 90 % is 3.8 %. FIX use weight: 50 at once (finds 0.77 %), hold the step and let a check look back for 50m, make load, or accept 3.8 %",
      ]
    `);
    expect(
      said('limit-not-observable', null, counted({ minRequests: 60 }, { judge: 'threshold' })),
    ).toMatchInlineSnapshot(`
      [
        "19: minRequests of error-rate is 60. A limit of 0.1 % allows 0.06 of them: one failure is 1.7 %, and a canary ten times too bad shows none with a chance of 54.7 %. FIX write minRequests: 3000 or more, or a larger limit",
      ]
    `);
  });

  test('a declared regression', () => {
    expect(
      said('effect-not-visible', 10, counted(alone, { ...step, minEffect: '0.5 %' })),
    ).toMatchInlineSnapshot(`
      [
        "20: minEffect is 0.5 %; at 10 requests a second the step of 10 % for 5m finds no less than 2.7 % in 300 requests. It is held until there are 4033, for 1h8m. FIX use weight: 50 at once (finds 0.89 %), hold the step for 1h8m (finds 0.5 %), make load of 135 requests a second, or accept 2.7 %",
      ]
    `);
  });

  test('a healthy release under a threshold', () => {
    const minute = { judge: 'threshold', interval: '1m', threshold: 5, steps: thirty };
    expect(said('threshold-false-alarms', 100, counted({}, minute))).toMatchInlineSnapshot(`
      [
        "17: At 100 requests a second error-rate fails 25.9 % of its checks on a release at half its limit, and 92 % of such rollouts are rolled back. FIX write judge: bet, which takes back at most 1 % of healthy releases",
      ]
    `);
    expect(
      said('threshold-false-alarms', null, counted({ minRequests: 600 }, minute)),
    ).toMatchInlineSnapshot(`
      [
        "17: With the 600 requests that it asks for error-rate fails 25.9 % of its checks on a release at half its limit, and 92 % of such rollouts are rolled back. FIX write judge: bet, which takes back at most 1 % of healthy releases",
      ]
    `);
  });

  test('bounds, looks and pods', () => {
    expect(
      said('latency-limit-between-bounds', null, onCluster({ limit: 'p95 2s', buckets: 'r_bucket' })),
    ).toMatchInlineSnapshot(`
      [
        "19: The limit of 2 s is no bound of a histogram with the bounds of the client libraries: it lies between 1 s and 2.5 s. FIX add the bound 2 to the histogram, or limit at 1 s or 2.5 s",
      ]
    `);
    expect(
      said('latency-limit-between-bounds', null, slow({ max: 10_000 }, 'traefik')),
    ).toMatchInlineSnapshot(`
      [
        "28: The limit of 10 s is no bound of a histogram with the bounds of Traefik: it lies above the highest, 5 s. FIX add the bound 10 to the histogram, or limit at 5 s",
      ]
    `);
    expect(said('step-few-looks', null, counted({}, { judge: 'threshold' }))).toMatchInlineSnapshot(`
      [
        "15: The step of 1m is looked at 6 times, every 10s. FIX write interval: 6s under analysis, or hold the step for 1m40s",
      ]
    `);
    const gauge = ours({}, { metrics: [{ name: 'memory' }] });
    expect(said('comparison-cannot-tell', null, gauge, process({ replicas: 4 }))).toMatchInlineSnapshot(`
      [
        "17: memory is compared between 1 canary and 4 stable pods: by chance all of the canary's are the highest in 20 %, so it cannot reach 1 %. FIX write replicas: 13 or a larger last weight, or give the metric a limit of its own",
      ]
    `);
    expect(said('metric-same-check', null, twice('a', 'p95 2 s', 'b', 'p99 2 s'))).toMatchInlineSnapshot(`
      [
        "18: a p95 2 s and b p99 2 s are one number with two limits: 5 % and 1 % of requests slower than 2 s. FIX write the stricter limit in both, or drop one of the two",
      ]
    `);
  });
});
