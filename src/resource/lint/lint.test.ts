import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readDocuments } from '../document.ts';
import {
  canary,
  errors,
  findingsOf,
  load,
  objective,
  ours,
  p95,
  pods,
  process,
  query,
  sightCodes,
  type Tree,
} from '../fixtures/lint-documents.ts';
import { lint } from './lint.ts';
import { lintCodes } from './lint-codes.ts';
import { fixFiles, lintFiles } from './lint-files.ts';

function codesOf(...trees: readonly Tree[]): readonly string[] {
  return findingsOf(trees).map(({ code }) => code);
}

/** The info that the load of `canary()` cannot fail a release is all that is left. */
const quiet = ['hook-load-only'];

function configMap(text: string): Tree {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'm' },
    data: { 'm.yaml': stringify([{ name: 'request-duration', query: text }]) },
  };
}

function deployment(container: Tree = {}, spec: Tree = {}, pod: Tree = {}): Tree {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop' },
    spec: {
      minReadySeconds: 10,
      selector: { matchLabels: { app: 'shop' } },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
      template: {
        spec: {
          terminationGracePeriodSeconds: 60,
          containers: [
            {
              name: 'app',
              readinessProbe: { httpGet: { path: '/ready' } },
              lifecycle: { preStop: { sleep: { seconds: 15 } } },
              ...container,
            },
          ],
          ...pod,
        },
      },
      ...spec,
    },
  };
}

function workflow(run: string): Tree {
  return { on: 'push', jobs: { deploy: { steps: [{ uses: 'actions/checkout@v4' }, { run }] } } };
}

const scaler: Tree = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'shop' },
  spec: { scaleTargetRef: { name: 'shop' } },
};
const budget = (app: string): Tree => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'b' },
  spec: { selector: { matchLabels: { app } } },
});
const exec = (command: string): Tree => ({ exec: { command: ['sh', '-c', command] } });

/** Code, documents that give it, documents that differ only in what cures it. */
type Case = readonly [keyof typeof lintCodes, readonly Tree[], readonly Tree[]];

const cases: readonly Case[] = [
  [
    'metric-same-check',
    [
      canary({
        analysis: {
          metrics: [
            { name: 'request-success-rate', thresholdRange: { min: 99 } },
            { name: 'error-rate', thresholdRange: { max: 2 } },
          ],
        },
      }),
    ],
    [canary()],
  ],
  [
    'metric-same-check',
    [
      ours(
        {},
        {
          metrics: [
            { name: 'a', objective: '1 %' },
            { name: 'b', objective: '> 99.9 %' },
          ],
        },
      ),
    ],
    [
      ours(
        {},
        {
          metrics: [
            { name: 'a', objective: '1 %' },
            { name: 'b', objective: 'p95 1s' },
          ],
        },
      ),
    ],
  ],
  [
    'metric-unit-doubtful',
    [canary({ metric: { name: 'error-rate', thresholdRange: { max: 0.1 } } })],
    [canary({ metric: { name: 'error-rate', thresholdRange: { max: 5 } } })],
  ],
  [
    'metric-unit-mismatch',
    [query(errors, { thresholdRange: { max: 5 } })],
    [query(`${errors} * 100`, { thresholdRange: { max: 5 } })],
  ],
  [
    'metric-unit-mismatch',
    [query(p95, { thresholdRange: { max: 500 } })],
    [query(`${p95} * 1000`, { thresholdRange: { max: 500 } })],
  ],
  ['metric-limit-side', [query(errors, { thresholdRange: { min: 0.9 } })], [query(errors)]],
  [
    'metric-p99',
    [canary({ metric: { name: 'request-duration', thresholdRange: { max: 500 } } }), configMap(p95)],
    [canary()],
  ],
  ['metric-interval-over-step', [query(errors, { interval: '5m' })], [query(errors)]],
  ['metric-interval-over-step', [query(errors.replaceAll('{{ interval }}', '5m'))], [query(errors)]],
  [
    'metric-window-fixed',
    [
      canary({
        analysis: { interval: '2m' },
        metric: { name: 'x', interval: '1m', query: errors.replaceAll('{{ interval }}', '2m') },
      }),
    ],
    [query(errors)],
  ],
  ['metric-window-short', [query(errors.replaceAll('{{ interval }}', '10s'))], [query(errors)]],
  ['metric-no-guarantee', [query(`max(queue{${pods}})`)], [query(errors)]],
  ['query-syntax', [query('sum(rate(')], [query(errors)]],
  ['query-result', [query(`r_total{${pods}}[5m]`)], [query(errors)]],
  ['query-several-series', [query(`rate(r_total{${pods}}[{{ interval }}])`)], [query(errors)]],
  ['query-several-series', [query(`sum by (pod) (queue{${pods}})`)], [query(`sum(queue{${pods}})`)]],
  ['query-both-arms', [query(errors.replaceAll(pods, 'pod=~"shop-.*"'))], [query(errors)]],
  [
    'query-both-arms',
    [query(errors.replaceAll(pods, 'pod=~"{{ target }}.+"'))],
    [query(errors.replaceAll(pods, 'pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"'))],
  ],
  [
    'query-no-arm',
    [query(errors.replaceAll(pods, 'namespace="shop"'))],
    [query(errors.replaceAll(pods, 'destination_workload="{{ target }}"'))],
  ],
  ['objective-incomplete', [objective({ total: 'r' })], [objective({ total: 'r', bad: 'r{code="500"}' })]],
  [
    'objective-incomplete',
    [objective({ limit: 'p95 1s', total: 'r' })],
    [objective({ limit: 'p95 1s', buckets: 'r_bucket' })],
  ],
  ['objective-not-selector', [objective({ total: 'sum(r)', bad: 'b' })], [objective({})]],
  [
    'objective-not-selector',
    [objective({ total: 'r[1m]', bad: 'r{' })],
    [objective({ total: 'r', bad: 'b' })],
  ],
  [
    'objective-bad-outside',
    [objective({ total: 'r{a="b"}', bad: 'r{code="500"}' })],
    [objective({ total: 'r', bad: 'r{code="500"}' })],
  ],
  [
    'query-both-arms',
    [objective({ total: 'r{pod=~"shop.*"}', bad: 'b' })],
    [objective({ total: 'r{pod=~"{{ target }}-[^-]+-[^-]+"}', bad: 'b' })],
  ],
  ['config-map-not-read', [configMap(p95)], [{ ...configMap(p95), data: { 'a.yaml': 'x: 1' } }]],
  ['steps-one-check', [canary({ analysis: { stepWeights: [10, 50] } })], [canary()]],
  ['step-under-interval', [ours({}, { interval: '5m' })], [ours()]],
  ['rollback-slow', [canary({ analysis: { interval: '1m', threshold: 5 } })], [canary()]],
  [
    'rollback-slow',
    [ours({}, { interval: '2m', threshold: 4 })],
    [ours({}, { interval: '2m', threshold: 3, steps: [] })],
  ],
  ['crash-deadline-long', [canary({ spec: { progressDeadlineSeconds: 600 } })], [canary()]],
  [
    'mirror-unsupported',
    [canary({ spec: { provider: 'linkerd' }, analysis: { mirror: true } })],
    [canary({ analysis: { mirror: true } })],
  ],
  ['provider-no-weights', [canary({ spec: { provider: 'kubernetes' } })], [canary()]],
  ['no-synthetic-load', [canary({ analysis: { webhooks: [] } })], [canary()]],
  ['alerts-missing', [canary({ analysis: { alerts: [] } })], [canary()]],
  [
    'query-both-arms',
    [query(errors.replaceAll(pods, 'destination_workload=~"shop.*"'))],
    [query(errors.replaceAll(pods, 'destination_workload="{{ target }}"'))],
  ],
  ['promotion-jump', [canary({ analysis: { stepWeightPromotion: 0 } })], [canary()]],
  ['bake-zero', [ours({ bakeDuration: '0s' })], [ours({ bakeDuration: '5m' })]],
  ['skip-analysis-false', [canary({ spec: { skipAnalysis: false } })], [canary()]],
  ['delete-is-outage', [canary({ spec: { revertOnDeletion: false } })], [canary()]],
  ['provider-not-set', [canary({ spec: { provider: undefined } })], [canary()]],
  [
    'gateways-without-mesh',
    [canary({ service: { gateways: ['public'] } })],
    [canary({ service: { gateways: ['public', 'mesh'] } })],
  ],
  [
    'gateways-ignored',
    [canary({ spec: { provider: 'linkerd' }, service: { gateways: ['public'] } })],
    [canary({ spec: { provider: 'linkerd' } })],
  ],
  [
    'gateway-refs-missing',
    [canary({ spec: { provider: 'gatewayapi:v1' } })],
    [canary({ spec: { provider: 'gatewayapi:v1' }, service: { gatewayRefs: [{ name: 'g' }] } })],
  ],
  [
    'ingress-ref-missing',
    [canary({ spec: { provider: 'nginx' } })],
    [canary({ spec: { provider: 'nginx', ingressRef: { name: 'i' } } })],
  ],
  ['no-autoscaler', [canary({ spec: { autoscalerRef: undefined } })], [canary()]],
  ['autoscaler-not-referenced', [canary({ spec: { autoscalerRef: undefined } }), scaler], [canary(), scaler]],
  [
    'selector-misses-primary',
    [canary(), deployment(), budget('shop')],
    [canary(), deployment(), budget('shared')],
  ],
  [
    'hook-cannot-fail',
    [canary({ hook: load({}, { cmd: './test.sh' }), analysis: { metrics: [] } })],
    [canary()],
  ],
  ['hook-load-only', [canary()], [canary({ analysis: { webhooks: [] } })]],
  ['hook-load-short', [canary({ hook: load({}, { cmd: 'hey -z 30s http://x/a' }) })], [canary()]],
  ['hook-load-dilutes', [canary({ hook: load({}, { cmd: 'hey -z 2m "http://x/health"' }) })], [canary()]],
  [
    'hook-runs-commands',
    [canary({ analysis: { webhooks: [load(), load({ type: 'pre-rollout' }, { type: 'bash' })] } })],
    [canary()],
  ],
  [
    'hook-every-tick',
    [canary({ analysis: { webhooks: [load(), load({}, { type: 'bash' })] } })],
    [canary({ analysis: { webhooks: [load(), load({ type: 'pre-rollout' }, { type: 'bash' })] } })],
  ],
  [
    'hook-every-tick',
    [canary({ analysis: { webhooks: [load(), { name: 'smoke-test', url: 'http://x/' }] } })],
    [canary({ analysis: { webhooks: [load(), { name: 'gate', url: 'http://x/' }] } })],
  ],
  ['hook-unknown-task', [canary({ hook: load({}, { type: 'shell' }) })], [canary()]],
  ['grace-in-container', [deployment({ terminationGracePeriodSeconds: 60 })], [deployment()]],
  ['grace-under-pre-stop', [deployment({}, {}, { terminationGracePeriodSeconds: 15 })], [deployment()]],
  ['grace-under-pre-stop', [process({ preStop: exec('sleep 30') })], [process({ preStop: exec('sleep 3') })]],
  ['grace-margin', [deployment({}, {}, { terminationGracePeriodSeconds: undefined })], [deployment()]],
  ['pre-stop-missing', [deployment({ lifecycle: {} })], [deployment()]],
  ['pre-stop-shell', [deployment({ lifecycle: { preStop: exec('sleep 15') } })], [deployment()]],
  ['readiness-missing', [deployment({ readinessProbe: undefined })], [deployment()]],
  [
    'readiness-is-liveness',
    [deployment({ livenessProbe: { httpGet: { path: '/ready' } } })],
    [deployment({ livenessProbe: { httpGet: { path: '/live' } } })],
  ],
  ['min-ready-zero', [deployment({}, { minReadySeconds: 0 })], [deployment()]],
  ['min-ready-zero', [process({ minReadySeconds: 0 })], [process()]],
  ['max-unavailable', [deployment({}, { replicas: 8, strategy: {} })], [deployment()]],
  [
    'roll-stuck',
    [deployment({}, { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } })],
    [deployment()],
  ],
  ['recreate-strategy', [deployment({}, { strategy: { type: 'Recreate' } })], [deployment()]],
  ['roll-deadline-does-nothing', [deployment({}, { progressDeadlineSeconds: 600 })], [deployment()]],
  ['single-replica', [deployment({}, { replicas: 1 })], [deployment({}, { replicas: 2 })]],
  ['single-replica', [process({ replicas: 1 })], [process()]],
  ['replicas-in-manifest', [canary(), deployment({}, { replicas: 3 })], [canary(), deployment()]],
  [
    'selector-label',
    [canary(), deployment({}, { selector: { matchLabels: { tier: 'web' } } })],
    [canary(), deployment()],
  ],
  ['port-privileged', [process({ listen: { port: 80 } })], [process({ listen: { port: 8080 } })]],
  ['port-privileged', [ours({ service: { port: 443 } })], [ours()]],
  [
    'wait-already-true',
    [workflow('kubectl wait canary/shop --for=condition=Promoted --timeout=60m')],
    [workflow('sluice wait shop')],
  ],
  [
    'wait-not-failing-fast',
    [workflow('kubectl wait canaries.flagger.app shop --for condition=promoted')],
    [workflow('kubectl wait pod/x --for=condition=Ready')],
  ],
  [
    'wait-too-short',
    [canary(), workflow('kubectl wait canary/shop --for=condition=Promoted \\\n  --timeout=10m')],
    [canary(), workflow('kubectl wait canary/shop --for=condition=Promoted --timeout=20m')],
  ],
  [
    'undo-fights-controller',
    [canary(), workflow('set -e; kubectl rollout undo deployment shop || true')],
    [canary(), workflow('# kubectl rollout undo deployment shop\nkubectl rollout undo deployment other')],
  ],
  [
    'status-of-canary',
    [canary(), workflow('kubectl -n default rollout status deploy/shop')],
    [canary(), workflow('kubectl rollout status deployment/shop-primary')],
  ],
  [
    'delete-in-pipeline',
    [workflow('kubectl delete canary shop')],
    [workflow('kubectl apply -f canary.yaml')],
  ],
];

describe('rules', () => {
  test.each(cases)('%s', (code, failing, passing) => {
    expect(codesOf(...failing)).toContain(code);
    expect(codesOf(...passing)).not.toContain(code);
  });

  test('every code of the linter has a case', () => {
    const tested = new Set(cases.map(([code]) => code));
    const ofConvert = (code: string) => code.startsWith('convert-');
    for (const code of sightCodes) tested.add(code);
    expect(
      Object.keys(lintCodes).filter(
        (code) => !ofConvert(code) && !tested.has(code as keyof typeof lintCodes),
      ),
    ).toEqual([]);
  });

  test('says nothing of what is in order', () => {
    expect(codesOf(canary(), deployment(), scaler)).toEqual(quiet);
    expect(codesOf(query(errors), deployment(), scaler)).toEqual(quiet);
    expect(codesOf(ours(), process())).toEqual([]);
    expect(codesOf(workflow('kubectl set image deployment/shop app=shop:2\nnpm test'))).toEqual([]);
  });
});

test('the place of a finding inside a query and a script', () => {
  const text = `kind: MetricTemplate
spec:
  query: |
    sum(
      rate(x{a="b"}[1s])
    )
---
on: push
jobs:
  a:
    steps:
      - run: |
          true &&
          true; kubectl delete canary x
`;
  const places = lint(readDocuments('x.yaml', text).documents).map(({ code, line, column }) => [
    code,
    line,
    column,
  ]);
  expect(places).toContainEqual(['metric-window-short', 5, 12]);
  expect(places).toContainEqual(['delete-in-pipeline', 14, 17]);
});

test('never fails, whatever the documents are', () => {
  const cyclic =
    'kind: Deployment\nspec: {template: {spec: {containers: [&a {livenessProbe: *a, readinessProbe: {exec: {command: [*a]}}}]}}}\n';
  expect(lint(readDocuments('x.yaml', cyclic).documents)).toEqual([]);
  const word = fc.constantFrom(
    'Canary',
    'Deployment',
    'Process',
    'MetricTemplate',
    'ConfigMap',
    'x',
    '1m',
    '10%',
    'sum(rate(a[1m]))',
    'hey -z 1m http://a/health',
    'kubectl wait canary/x --for=condition=Promoted',
  );
  const key = fc.constantFrom(
    'spec',
    'analysis',
    'metrics',
    'webhooks',
    'steps',
    'thresholdRange',
    'template',
    'containers',
    'kind',
    'apiVersion',
    'metadata',
    'name',
    'jobs',
    'on',
    'run',
    'data',
    'query',
    'strategy',
    'rollingUpdate',
    'maxSurge',
    'targetRef',
    'cmd',
    'service',
    'gateways',
    'stepWeight',
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'medium' },
      word,
      fc.integer(),
      fc.constant(null),
      fc.boolean(),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
    ),
  }));
  const document = fc.record(
    { kind: word, spec: tree, metadata: tree, jobs: tree, on: tree, data: tree },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(document, { maxLength: 3 }), (documents) => {
      const text = documents.map((one) => stringify(one)).join('---\n');
      const files = [{ file: 'a.yaml', text }];
      const fixed = fixFiles(files);
      expect(fixFiles(fixed)).toEqual(fixed);
      for (const { line, column } of lintFiles(files, { requestsPerSecond: 3 }))
        expect(Math.min(line, column)).toBeGreaterThan(0);
    }),
    { numRuns: 150 },
  );
  fc.assert(
    fc.property(fc.string(), (text) => lintFiles([{ file: 'a.yaml', text }]).length >= 0),
    { numRuns: 200 },
  );
});
