import { describe, expect, test } from 'vitest';
import { canary, codes, type Json, one, processOf } from '../fixtures/resources.ts';

test('checks measure what their names say, in the right unit', () => {
  const metrics = [
    { name: 'request-success-rate', thresholdRange: { min: 99.5 } },
    { name: 'request-duration', interval: '30s', thresholdRange: { max: 700 } },
    { name: 'errors', objective: '0.1 %' },
    { name: 'p95', objective: { limit: 'p95 1.7 s', buckets: 'x_bucket' }, minRequests: 5 },
  ];
  const { spec } = one(canary({ steps: [{ weight: 10 }], metrics }), processOf());
  expect(spec.plan.judging.checks).toMatchInlineSnapshot(`
    [
      {
        "limit": {
          "min": 99.5,
        },
        "measure": {
          "kind": "successShare",
        },
        "minRequests": 20,
        "name": "request-success-rate",
        "shownScale": 1,
        "shownUnit": "%",
        "windowMs": 60000,
      },
      {
        "limit": {
          "max": 0.7,
        },
        "measure": {
          "kind": "latencyQuantile",
          "quantile": 0.99,
        },
        "minRequests": 20,
        "name": "request-duration",
        "shownScale": 1000,
        "shownUnit": "ms",
        "windowMs": 30000,
      },
      {
        "limit": {
          "max": 0.1,
        },
        "measure": {
          "kind": "errorShare",
        },
        "minRequests": 20,
        "name": "errors",
        "shownScale": 1,
        "shownUnit": "%",
        "windowMs": 60000,
      },
      {
        "limit": {
          "max": 1.7,
        },
        "measure": {
          "kind": "latencyQuantile",
          "quantile": 0.95,
        },
        "minRequests": 5,
        "name": "p95",
        "shownScale": 1000,
        "shownUnit": "ms",
        "windowMs": 60000,
      },
    ]
  `);
  expect(spec.front.latencyBounds).toEqual(expect.arrayContaining([0.7, 1.7]));
  expect(spec.front.latencyBounds).toEqual(spec.front.latencyBounds.toSorted((a, b) => a - b));
});

test('memory and processor time of each replica, in the unit that people write', () => {
  const metrics = [
    { name: 'memory', thresholdRange: { max: 512.3 }, critical: true },
    { name: 'cpu', interval: '2m', thresholdRange: { max: 0.7 }, compare: 'none' },
    { name: 'memory' },
  ];
  const { spec } = one(canary({ steps: [{ weight: 10 }], metrics }), processOf());
  expect(spec.plan.judging.checks).toMatchObject([
    {
      name: 'memory',
      measure: { kind: 'gauge', usage: 'memory' },
      limit: { max: 512_300_000 },
      gauge: { critical: true },
      minRequests: 0,
      shownUnit: 'MB',
      shownScale: 1e-6,
      windowMs: 60_000,
    },
    {
      measure: { kind: 'gauge', usage: 'cpu' },
      limit: { max: 0.7 },
      compare: false,
      shownUnit: 'cores',
      windowMs: 120_000,
    },
    { name: 'memory-2', measure: { kind: 'gauge', usage: 'memory' }, limit: {} },
  ]);
});

describe('metrics from Prometheus', () => {
  const template = (
    provider: Json,
    query = 'rate(x{app="{{ target }}",n="{{ namespace }}"}[{{ interval }}]) > {{ variables.low }}',
  ): Json => ({
    apiVersion: 'flagger.app/v1beta1',
    kind: 'MetricTemplate',
    metadata: { name: 'orders' },
    spec: { provider, query },
  });
  const asked = canary({
    steps: [{ weight: 10 }],
    metrics: [
      {
        name: 'orders',
        interval: '30s',
        templateRef: { name: 'orders' },
        templateVariables: { low: '3' },
        thresholdRange: { max: 5 },
      },
    ],
  });
  const prometheus = { type: 'prometheus', address: 'http://127.0.0.1:9090' };

  test('are rendered and kept beside their check', () => {
    const { spec, source } = one(asked, processOf(), template(prometheus));
    expect(spec.queries).toEqual({
      orders: {
        provider: 'prometheus',
        address: 'http://127.0.0.1:9090',
        query: 'rate(x{app="shop",n="default"}[30s]) > 3',
        headers: {},
        intervalMs: 30_000,
      },
    });
    expect(spec.plan.judging.checks).toMatchObject([
      { name: 'orders', measure: { kind: 'sample' }, limit: { max: 5 } },
    ]);
    expect(source).toHaveLength(3);
  });

  test('are refused where they cannot be asked', () => {
    expect(codes(asked, processOf())).toEqual(['error metric-template-missing']);
    expect(codes(asked, processOf(), template({ type: 'datadog' }))).toEqual([
      'error metric-provider-unsupported',
    ]);
    expect(codes(asked, processOf(), template({ ...prometheus, secretRef: { name: 's' } }))).toEqual([
      'error metric-provider-unsupported',
    ]);
    expect(codes(asked, processOf(), template({ type: 'prometheus' }))).toEqual([
      'error metric-provider-missing',
    ]);
    expect(codes(asked, processOf(), template(prometheus, 'up{x="{{ pod }}"}'))).toEqual([
      'error metric-query-template',
    ]);
    const inline = canary({
      steps: [{ weight: 10 }],
      metrics: [{ name: 'x', query: 'up', thresholdRange: { min: 1 } }],
    });
    expect(codes(inline, processOf())).toEqual(['error metric-provider-missing']);
  });
});
