import { expect, test } from 'vitest';
import { fixFiles, lintFiles } from './lint-files.ts';

const text = `# A release policy.
apiVersion: flagger.app/v1beta1
kind: Canary
metadata:
  name: shop # the shop
spec:
  provider: istio
  targetRef: {kind: Deployment, name: shop}
  rollbackOnFailure: true # always
  servce:
    port: 80
  analysis:
    interval: 30s
    threshold: "3"
    stepWeights:
      - 10
      - 50
    metrics:
      # The share of answers that are no error.
      - name: request-success-rate
        thresholdRange:
          min: 99
      - name: error-rate
        thresholdRange: {max: 0.5}
      - name: queue
        templateRef:
          name: queue
        thresholdRange:
          max: 5
    alerts:
      - name: team
        providerRef: {name: slack}
      - name: others
        severity: ""   # nobody hears it
        providerRef: {name: slack}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      # One container.
      containers:
        - name: app
          # Long enough.
          terminationGracePeriodSeconds: 60
          image: shop:1
`;

test('makes every edit that needs no decision, and keeps the rest as it was written', () => {
  const files = [{ file: 'shop.yaml', text }];
  const curable = lintFiles(files).filter(({ edit }) => edit !== null);
  expect(curable.map(({ code }) => code)).toMatchInlineSnapshot(`
    [
      "unknown-field",
      "wrong-type",
      "metric-same-check",
      "grace-in-container",
    ]
  `);
  const fixed = fixFiles(files);
  expect(fixed[0]?.text).toMatchInlineSnapshot(`
    "# A release policy.
    apiVersion: flagger.app/v1beta1
    kind: Canary
    metadata:
      name: shop # the shop
    spec:
      provider: istio
      targetRef: {kind: Deployment, name: shop}
      service:
        port: 80
      analysis:
        interval: 30s
        threshold: 3
        stepWeights:
          - 10
          - 50
        metrics:
          # The share of answers that are no error.
          - name: request-success-rate
            thresholdRange:
              min: 99.5
          - name: error-rate
            thresholdRange: {max: 0.5}
          - name: queue
            templateRef:
              name: queue
            thresholdRange:
              max: 5
            interval: 1m
        alerts:
          - name: team
            providerRef: {name: slack}
            severity: info
          - name: others
            severity: info   # nobody hears it
            providerRef: {name: slack}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: shop}
    spec:
      template:
        spec:
          # One container.
          containers:
            - name: app
              image: shop:1
          # Long enough.
          terminationGracePeriodSeconds: 60
    "
  `);
  expect(lintFiles(fixed).filter(({ edit }) => edit !== null)).toEqual([]);
  const left = new Set(lintFiles(fixed).map(({ severity, code }) => `${severity} ${code}`));
  expect(curable.filter(({ severity, code }) => left.has(`${severity} ${code}`))).toEqual([]);
  expect(fixFiles(fixed)).toEqual(fixed);
});

test('leaves alone what cannot be read', () => {
  const files = [
    { file: 'a.yaml', text: 'a: [1\n' },
    { file: 'b.yaml', text: '' },
  ];
  expect(fixFiles(files)).toEqual(files);
});
