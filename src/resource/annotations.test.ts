import { expect, test } from 'vitest';
import { readDocuments } from './document.ts';
import { canary, codes, type Json, one, processOf } from './fixtures/resources.ts';
import { formatFindings } from './fixtures/format-findings.ts';
import { checkDocuments } from './check/check-documents.ts';

function annotated(annotations: Json, apiVersion = 'flagger.app/v1beta1', spec: Json = {}): Json {
  return { ...canary({ stepWeight: 50 }, spec, apiVersion), metadata: { name: 'shop', annotations } };
}

test('set our fields on an object of Flagger', () => {
  const { spec } = one(
    annotated({
      'sluice.dev/promotion': 'bake',
      'sluice.dev/bake-duration': '90s',
      'sluice.dev/on-no-data': 'wait',
      'sluice.dev/assign-by-header': 'X-User',
      'sluice.dev/drain-timeout': '5s',
    }),
    processOf(),
  );
  expect([
    spec.plan.semantics,
    spec.plan.promotion,
    spec.plan.bakeMs,
    spec.plan.judging.onNoData,
    spec.plan.drainMs,
  ]).toEqual(['flagger', 'bake', 90_000, 'wait', 5_000]);
  expect(spec.front.assignBy).toEqual({ source: 'header', name: 'x-user' });
});

test('are checked where they stand', () => {
  const text = `apiVersion: flagger.app/v1beta1
kind: Canary
metadata:
  name: shop
  annotations:
    sluice.dev/promotion: later
    sluice.dev/bake-duration: long
    sluice.dev/promotoin: bake
spec:
  targetRef: {kind: Process, name: shop}
  service: {port: 80}
  analysis: {interval: 1m, threshold: 1, stepWeight: 50, metrics: [{name: request-duration, thresholdRange: {max: 9}}]}
`;
  expect(
    formatFindings(checkDocuments(readDocuments('x.yaml', text).documents).findings),
  ).toMatchInlineSnapshot(`
    "x.yaml:6:5 error invalid-value
      metadata.annotations.sluice.dev/promotion is "later", which is none of bake, rolling. The value is outside of what is allowed.
      fix: write one of bake, rolling
    x.yaml:7:5 error invalid-duration
      metadata.annotations.sluice.dev/bake-duration is "long": "long" is not a duration: write a number and a unit, such as 30s, 5m or 1m30s. Without a readable length of time nothing can be scheduled.
      fix: write a number and a unit, such as 30s
    x.yaml:8:5 error unknown-field
      There is no annotation "sluice.dev/promotoin". An unknown field does nothing, while whoever wrote it believes that it does.
      fix: write sluice.dev/promotion
    3 errors, 0 warnings, 0 info"
  `);
});

test('are for objects of Flagger alone', () => {
  expect(codes(annotated({ 'sluice.dev/promotion': 'bake' }, 'sluice.dev/v1alpha1'), processOf())).toEqual([
    'error unknown-field',
  ]);
  expect(codes(annotated({ 'example.com/promotion': 'bake' }), processOf())).not.toContain(
    'error unknown-field',
  );
});

test('a field that is of another type is left for the schema to refuse', () => {
  expect(
    codes(
      annotated({ 'sluice.dev/drain-timeout': '5s' }, 'flagger.app/v1beta1', { service: 'x' }),
      processOf(),
    ),
  ).toContain('error wrong-type');
});
