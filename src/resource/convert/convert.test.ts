import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { compile } from '../compile.ts';
import { readDocuments, type SourceDocument } from '../document.ts';
import { hasErrors } from '../finding.ts';
import { formatFindings } from '../fixtures/format-findings.ts';
import { valueAt } from '../lint/values.ts';
import { lintFiles } from '../lint/lint-files.ts';
import { convert } from './convert.ts';
import { rewriteQuery } from './rewrite-query.ts';
import { parseSteps } from './steps.ts';

const folder = new URL('../fixtures/seed/', import.meta.url);

function seed(name: string): readonly SourceDocument[] {
  return readDocuments(name, readFileSync(new URL(name, folder), 'utf8')).documents;
}

function canary(
  analysis: Readonly<Record<string, unknown>>,
  spec: Readonly<Record<string, unknown>> = {},
): string {
  return stringify({
    apiVersion: 'flagger.app/v1beta1',
    kind: 'Canary',
    metadata: { name: 'shop' },
    spec: {
      targetRef: { kind: 'Deployment', name: 'shop' },
      service: { port: 8080 },
      ...spec,
      analysis: { interval: '1m', threshold: 2, stepWeights: [10, 50], ...analysis },
    },
  });
}

function metricsOf(text: string): unknown {
  const [document] = readDocuments('out.yaml', text).documents;
  return valueAt(document?.value, ['spec', 'analysis', 'metrics']);
}

function convertText(text: string, steps?: string) {
  return convert(readDocuments('in.yaml', text).documents, steps === undefined ? {} : { steps });
}

const metricTemplate = (query: string, type = 'prometheus') =>
  `---\n# why\n${stringify({ apiVersion: 'flagger.app/v1beta1', kind: 'MetricTemplate', metadata: { name: 't' }, spec: { provider: { type, address: 'http://p:9090' }, query } })}`;

test('a Canary with its queries in a ConfigMap, in real steps', () => {
  const { text, findings } = convert(seed('canary.yaml'), { steps: '10:5m,25:10m,50:15m' });
  expect(text).toMatchInlineSnapshot(`
    "# Flagger Canary Resource
    apiVersion: sluice.dev/v1alpha1
    kind: Canary
    metadata:
      name: ecommerce-api
      namespace: production
    spec:
      # Target deployment
      targetRef:
        apiVersion: apps/v1
        kind: Deployment
        name: ecommerce-api

      # Progressive traffic shifting
      service:
        port: 80
        targetPort: 8080
        gateways:

          - public-gateway

        hosts:

          - api.ecommerce.example.com

      # Canary analysis
      analysis:
        # Schedule interval
        interval: 1m

        # Number of checks before promotion
        threshold: 5

        # Metrics for validation
        metrics:

          - name: request-success-rate
            interval: 1m
            objective:
              limit: "> 99 %"
              total: http_server_requests_seconds_count{namespace="production", pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+"}
              bad: http_server_requests_seconds_count{namespace="production", pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+", status=~"5.."}
            templateRef:
              name: ecommerce-api-request-success-rate

          - name: request-duration
            interval: 1m
            objective:
              limit: p95 2s
              buckets: http_server_requests_seconds_bucket{namespace="production", pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+"}
            templateRef:
              name: ecommerce-api-request-duration

          - name: error-rate
            interval: 1m
            objective:
              limit: < 0.1 %
              total: http_server_requests_seconds_count{namespace="production", pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+"}
              bad: http_server_requests_seconds_count{namespace="production", pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+", status=~"5.."}
            templateRef:
              name: ecommerce-api-error-rate

        # Webhooks for custom validation
        webhooks:

          - name: load-test

            url: http://flagger-loadtester/
            timeout: 5s
            metadata:
              type: cmd
              cmd: "hey -z 1m -q 10 -c 2 http://ecommerce-api-canary/health"

          - name: acceptance-test

            url: http://flagger-loadtester/
            timeout: 30s
            metadata:
              type: bash
              cmd: "./run-acceptance-tests.sh"
        steps:
          - weight: 10
            duration: 5m
          - weight: 25
            duration: 10m
          - weight: 50
            duration: 15m
      promotion: rolling
    ---
    # From the ConfigMap flagger-metrics.
    apiVersion: sluice.dev/v1alpha1
    kind: MetricTemplate
    metadata:
      name: ecommerce-api-request-success-rate
      namespace: production
    spec:
      provider:
        type: prometheus
        address: http://prometheus:9090
      query: |
        sum(
          rate(
            http_server_requests_seconds_count{
              namespace="production",
              pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+",
              status!~"5.."
            }[{{ interval }}]
          )
        )
        /
        sum(
          rate(
            http_server_requests_seconds_count{
              namespace="production",
              pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+"
            }[{{ interval }}]
          )
        )

        * 100
    ---
    # From the ConfigMap flagger-metrics.
    apiVersion: sluice.dev/v1alpha1
    kind: MetricTemplate
    metadata:
      name: ecommerce-api-request-duration
      namespace: production
    spec:
      provider:
        type: prometheus
        address: http://prometheus:9090
      query: |
        histogram_quantile(
          0.95,
          sum(
            rate(
              http_server_requests_seconds_bucket{
                namespace="production",
                pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+"
              }[{{ interval }}]
            )
          ) by (le)
        )

        * 1000
    ---
    # From the ConfigMap flagger-metrics.
    apiVersion: sluice.dev/v1alpha1
    kind: MetricTemplate
    metadata:
      name: ecommerce-api-error-rate
      namespace: production
    spec:
      provider:
        type: prometheus
        address: http://prometheus:9090
      query: |
        sum(
          rate(
            http_server_requests_seconds_count{
              namespace="production",
              pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+",
              status=~"5.."
            }[{{ interval }}]
          )
        )
        /
        sum(
          rate(
            http_server_requests_seconds_count{
              namespace="production",
              pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+"
            }[{{ interval }}]
          )
        )

        * 100
    "
  `);
  expect(formatFindings(findings)).toMatchInlineSnapshot(`
    "canary.yaml:43:7 info convert-selector-narrowed
      pod=~"ecommerce-api-.*" of request-success-rate matched both arms, and now names the canary’s pods. A judge compares the two arms, so a selector has to name one of them.
      fix: look whether your pods are named like that
    canary.yaml:43:7 info convert-address-assumed
      The MetricTemplate ecommerce-api-request-success-rate asks http://prometheus:9090, which is Flagger's default. The query did not say which Prometheus answers it.
      fix: write the address of your Prometheus
    canary.yaml:49:7 info convert-selector-narrowed
      pod=~"ecommerce-api-.*" of request-duration matched both arms, and now names the canary’s pods. A judge compares the two arms, so a selector has to name one of them.
      fix: look whether your pods are named like that
    canary.yaml:49:7 info convert-address-assumed
      The MetricTemplate ecommerce-api-request-duration asks http://prometheus:9090, which is Flagger's default. The query did not say which Prometheus answers it.
      fix: write the address of your Prometheus
    canary.yaml:55:7 info convert-selector-narrowed
      pod=~"ecommerce-api-.*" of error-rate matched both arms, and now names the canary’s pods. A judge compares the two arms, so a selector has to name one of them.
      fix: look whether your pods are named like that
    canary.yaml:55:7 info convert-address-assumed
      The MetricTemplate ecommerce-api-error-rate asks http://prometheus:9090, which is Flagger's default. The query did not say which Prometheus answers it.
      fix: write the address of your Prometheus
    0 errors, 0 warnings, 6 info"
  `);
});

test('what is written has no error, and runs', () => {
  for (const steps of [{}, { steps: '10:5m,25:10m,50:15m' }]) {
    const { text } = convert(seed('canary.yaml'), steps);
    expect(lintFiles([{ file: 'out.yaml', text }]).filter(({ severity }) => severity === 'error')).toEqual(
      [],
    );
    const { services, findings } = compile([
      ...readDocuments('out.yaml', text).documents,
      ...seed('deployment.yaml'),
      ...seed('process.yaml'),
    ]);
    expect(formatFindings(findings.filter(({ severity }) => severity === 'error'))).toBe(
      '0 errors, 0 warnings, 0 info',
    );
    const plan = services[0]?.spec.plan;
    const expected =
      'steps' in steps
        ? [
            [10, 300_000],
            [25, 600_000],
            [50, 900_000],
          ]
        : [10, 20, 30, 40, 50].map((weight) => [weight, 60_000]);
    expect(
      plan?.steps.map(({ routing, holdMs }) => [routing.kind === 'weight' && routing.weightPercent, holdMs]),
    ).toEqual(expected);
    expect(plan?.judging.checks.map(({ name, limit }) => [name, limit])).toEqual([
      ['request-success-rate', { min: 99 }],
      ['request-duration', { max: 2 }],
      ['error-rate', { max: 0.1 }],
    ]);
  }
});

describe('metrics', () => {
  const pods = 'pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+"';
  const share = `sum(rate(r_total{${pods},code=~"5.."}[5m])) / sum(rate(r_total{${pods}}[5m]))`;

  test('built-ins say what Flagger means by them', () => {
    const metrics = [
      { name: 'request-success-rate', thresholdRange: { min: 99.5 } },
      { name: 'request-duration', thresholdRange: { max: 500 } },
      { name: 'error-rate', threshold: 1 },
      { name: 'request-duration', thresholdRange: { min: 1, max: 2 } },
    ];
    expect(metricsOf(convertText(canary({ metrics })).text)).toEqual([
      { name: 'request-success-rate', objective: '> 99.5 %' },
      { name: 'request-duration', objective: 'p99 500ms' },
      { name: 'error-rate', objective: '< 1 %' },
      { name: 'request-duration', thresholdRange: { min: 1, max: 2 } },
    ]);
    const mean = convertText(canary({ metrics: [metrics[1]] }, { provider: 'nginx' }));
    expect(metricsOf(mean.text)).toEqual([metrics[1]]);
  });

  test('an inline query becomes a template, its window the interval', () => {
    const { text, findings } = convertText(
      canary(
        { metrics: [{ name: 'My errors', query: share, thresholdRange: { max: 0.01 } }] },
        { metricsServer: 'http://prom:9090' },
      ),
    );
    expect(findings).toEqual([]);
    expect(metricsOf(text)).toEqual([
      {
        name: 'My errors',
        thresholdRange: undefined,
        objective: { limit: '< 1 %', total: `r_total{${pods}}`, bad: `r_total{${pods}, code=~"5.."}` },
        templateRef: { name: 'shop-my-errors' },
        interval: '5m',
      },
    ]);
    const template = readDocuments('out.yaml', text).documents[1]?.value;
    expect(template).toEqual({
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'MetricTemplate',
      metadata: { name: 'shop-my-errors' },
      spec: {
        provider: { type: 'prometheus', address: 'http://prom:9090' },
        query: `${share.replaceAll('5m', '{{ interval }}')}\n`,
      },
    });
  });

  test('a template is kept with its comment, and named for one arm', () => {
    const wide = share.replaceAll(pods, 'pod=~"shop-.*"');
    const { text, findings } = convertText(
      canary({
        metrics: [{ name: 'e', interval: '1m', templateRef: { name: 't' }, thresholdRange: { max: 0.01 } }],
      }) + metricTemplate(wide),
    );
    expect(findings.map(({ code }) => code)).toEqual(['convert-selector-narrowed']);
    expect(text).toContain('# why');
    expect(readDocuments('out.yaml', text).documents[1]?.value['spec']).toMatchObject({ query: share });
    expect(metricsOf(text)).toMatchObject([
      { templateRef: { name: 't' }, interval: '1m', objective: { limit: '< 1 %' } },
    ]);
  });

  test.each([
    ['a number', `max(queue{${pods}})`, { max: 5 }, ['convert-limit-kept']],
    ['two sides', share, { min: 0, max: 0.01 }, ['convert-both-sides']],
    [
      'a good share without a single rest',
      `sum(rate(ok_total[1m])) / sum(rate(all_total[1m]))`,
      { min: 0.9 },
      ['convert-limit-kept'],
    ],
    ['a limit of another unit', share, { max: 5 }, ['convert-limit-kept']],
  ])('%s stays a number with a range', (_, query, thresholdRange, codes) => {
    const { text, findings } = convertText(
      canary({ metrics: [{ name: 'm', interval: '1m', templateRef: { name: 't' }, thresholdRange }] }) +
        metricTemplate(query),
    );
    expect(metricsOf(text)).toEqual([
      { name: 'm', interval: '1m', templateRef: { name: 't' }, thresholdRange },
    ]);
    expect(findings.map(({ code }) => code)).toEqual(codes);
  });

  test('queries of other systems are left alone', () => {
    const metric = { name: 'm', interval: '1m', templateRef: { name: 't' }, thresholdRange: { max: 1 } };
    const { text, findings } = convertText(
      canary({ metrics: [metric] }) + metricTemplate('avg:x{*}', 'datadog'),
    );
    expect(metricsOf(text)).toEqual([metric]);
    expect(findings).toEqual([]);
  });
});

test('keeps what Flagger would have done', () => {
  const alerts = [{ name: 'a', providerRef: { name: 'p' } }];
  const spec = (analysis: Readonly<Record<string, unknown>>) =>
    readDocuments('o', convertText(canary(analysis)).text).documents[0]?.value['spec'];
  expect(spec({ interval: '5s', alerts })).toMatchObject({
    promotion: 'rolling',
    analysis: { interval: '10s', stepWeights: [10, 50], alerts: [{ severity: 'info' }] },
  });
  const { text } = convertText(
    canary({ iterations: 5, stepWeights: undefined, match: [{ headers: { a: { exact: 'b' } } }] }),
    '5:1m',
  );
  expect(readDocuments('o', text).documents[0]?.value['spec']).toMatchObject({
    analysis: { interval: '1m', threshold: 2, steps: [{ weight: 5, duration: '1m' }] },
  });
  expect(text).not.toMatch(/iterations|match/);
});

test('nothing to convert', () => {
  expect(convert([])).toEqual({ text: '', findings: [] });
  expect(convertText('kind: ConfigMap\n').findings.map(({ code }) => code)).toEqual(['convert-nothing']);
});

describe('steps', () => {
  test('reads weights with their time', () => {
    expect(parseSteps(' 10:5m, 25% : 90s,100:1h ')).toEqual({
      ok: true,
      value: [
        { weight: 10, duration: '5m' },
        { weight: 25, duration: '1m30s' },
        { weight: 100, duration: '1h' },
      ],
    });
  });

  test.each([
    ['', 0, '"" is not a step: write WEIGHT:TIME, such as 10:5m'],
    ['10', 0, '"10" is not a step: write WEIGHT:TIME, such as 10:5m'],
    ['10:5m,', 6, '"" is not a step: write WEIGHT:TIME, such as 10:5m'],
    ['0:5m', 0, 'the weight 0 is not from 1 to 100'],
    ['50:5m,25:5m', 6, 'the weight 25 comes after 50: weights rise'],
    ['10:5', 0, '"5" is not a duration: write a number and a unit, such as 30s, 5m or 1m30s'],
    ['10:0s', 0, 'the step 10 has no length'],
  ])('refuses %j', (text, offset, message) => {
    expect(parseSteps(text)).toEqual({ ok: false, error: { message, offset } });
    const { text: written, findings } = convert(seed('canary.yaml'), { steps: text });
    expect([written, findings.map(({ code, column }) => [code, column])]).toEqual([
      '',
      [['convert-steps', offset + 1]],
    ]);
  });

  test('what is written reads back, and whatever is typed is answered', () => {
    const step = fc.record({
      weight: fc.integer({ min: 1, max: 100 }),
      seconds: fc.integer({ min: 1, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(step, { selector: ({ weight }) => weight, minLength: 1 }), (steps) => {
        const rising = steps.toSorted((a, b) => a.weight - b.weight);
        const parsed = parseSteps(rising.map(({ weight, seconds }) => `${weight}:${seconds}s`).join(','));
        expect(parsed.ok && parsed.value.map(({ weight }) => weight)).toEqual(
          rising.map(({ weight }) => weight),
        );
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => typeof parseSteps(text).ok === 'boolean'));
  });
});

test('a query is rewritten only where it must be', () => {
  const query = 'sum(rate(a{pod =~ "shop-.*"}[1m])) / sum(rate(a{x="pod=~"}[1m]))';
  expect(rewriteQuery(query, 'shop')).toEqual({
    text: 'sum(rate(a{pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+"}[{{ interval }}])) / sum(rate(a{x="pod=~"}[{{ interval }}]))',
    narrowedText: 'sum(rate(a{pod=~"{{ target }}-[a-z0-9]+-[a-z0-9]+"}[1m])) / sum(rate(a{x="pod=~"}[1m]))',
    narrowed: ['pod=~"shop-.*"'],
    window: '1m',
  });
  expect(rewriteQuery('sum(a{app=~"shop.*"})', 'shop')).toMatchObject({ text: 'sum(a{app="{{ target }}"})' });
  const mixed = 'rate(a[1m]) / rate(a[5m])';
  expect(rewriteQuery(mixed, 'shop')).toMatchObject({ text: mixed, window: null });
  expect(rewriteQuery('sum(', 'shop')).toMatchObject({ text: 'sum(', window: null });
});

test('never fails, whatever it is given', () => {
  const word = fc.constantFrom('request-duration', '1m', 'sum(rate(a[1m])) / sum(rate(a[1m]))', 'x', '');
  const key = fc.constantFrom(
    'name',
    'query',
    'threshold',
    'thresholdRange',
    'min',
    'max',
    'templateRef',
    'interval',
  );
  const metric = fc.dictionary(
    key,
    fc.oneof(word, fc.integer(), fc.constant(null), fc.dictionary(key, fc.oneof(word, fc.integer()))),
  );
  const analysis = fc.record({
    metrics: fc.oneof(word, fc.array(fc.oneof(metric, word))),
    alerts: fc.array(fc.oneof(word, metric)),
  });
  fc.assert(
    fc.property(analysis, fc.constantFrom(undefined, '10:5m'), (value, steps) => {
      const { text, findings } = convertText(canary(value), steps);
      expect(readDocuments('o.yaml', text).documents[0]?.kind).toBe('Canary');
      expect(hasErrors(findings)).toBe(false);
    }),
    { numRuns: 100 },
  );
});
