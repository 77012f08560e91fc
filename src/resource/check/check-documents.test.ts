import { expect, test } from 'vitest';
import { readDocuments } from '../document.ts';
import { formatFindings } from '../fixtures/format-findings.ts';
import { checkDocuments } from './check-documents.ts';

function check(text: string): string {
  const { documents, findings } = readDocuments('x.yaml', text);
  return formatFindings([...findings, ...checkDocuments(documents).findings]);
}

test('the first look', () => {
  expect(
    check(`
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: shop}
spec:
  targetRef: {kind: Deployment, name: shop}
  service: {ports: 80, gateway: [x]}
  rollbackOnFailure: true
  analysis:
    skipAnalysis: true
    interval: 5s
    stepWeight: 0
    threshold: "5"
    steps: []
    metrics:
      - name: error-rat
      - nme: x
    webhooks:
      - {name: a, url: ftp://x, type: load-test, metadata: {x: true}}
`),
  ).toMatchInlineSnapshot(`
  "x.yaml:7:3 error port-missing
    spec.service.port is missing. Nothing says where the service listens.
    fix: add port
  x.yaml:7:13 error unknown-field
    spec.service has no field "ports". An unknown field does nothing, while whoever wrote it believes that it does.
    fix: write port
  x.yaml:7:24 error unknown-field
    spec.service has no field "gateway". An unknown field does nothing, while whoever wrote it believes that it does.
    fix: write gateways
  x.yaml:10:5 error unknown-field
    spec.analysis has no field "skipAnalysis". An unknown field does nothing, while whoever wrote it believes that it does.
    fix: it belongs under spec: move it there
  x.yaml:13:5 error wrong-type
    spec.analysis.threshold is "5": expected a whole number. The value cannot be used as it stands.
    fix: write 5 without quotes
  x.yaml:17:9 error missing-field
    spec.analysis.metrics[1].name is missing. Nothing can be done without it.
    fix: add name
  x.yaml:17:9 error unknown-field
    spec.analysis.metrics[1] has no field "nme". An unknown field does nothing, while whoever wrote it believes that it does.
    fix: write name
  x.yaml:19:33 error invalid-value
    spec.analysis.webhooks[0].type is "load-test", which is none of confirm-rollout, pre-rollout, rollout, confirm-traffic-increase, confirm-promotion, post-rollout, rollback, event. The value is outside of what is allowed.
    fix: write one of confirm-rollout, pre-rollout, rollout, confirm-traffic-increase, confirm-promotion, post-rollout, rollback, event
  x.yaml:19:61 error wrong-type
    spec.analysis.webhooks[0].metadata.x is true: expected text: put the value in quotes. The value cannot be used as it stands.
    fix: write "true" in quotes
  9 errors, 0 warnings, 0 info"
`);
});
