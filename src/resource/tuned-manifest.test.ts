import { expect, test } from 'vitest';
import { checkDocument } from './check/check-documents.ts';
import type { CanaryResource } from './check/resource.ts';
import { readDocuments } from './document.ts';
import { historySelectors } from './history-selectors.ts';
import { tunedManifest } from './tuned-manifest.ts';

const sluice = 'sluice.dev/v1alpha1';

function manifest(metrics: string, apiVersion = sluice): string {
  return `# The shop.
apiVersion: ${apiVersion}
kind: Canary
metadata:
  name: shop
  annotations:
    team: web
spec:
  targetRef: { kind: Deployment, name: shop, apiVersion: apps/v1 }
  service: { port: 80 }
  analysis:
    interval: 10s # often
    threshold: 2
    stepWeight: 10
    metrics:
${metrics}
`;
}

function canaryOf(text: string): CanaryResource {
  const [document] = readDocuments('shop.yaml', text).documents;
  const { resource, findings } = document ? checkDocument(document) : { resource: null, findings: [] };
  if (resource?.kind !== 'Canary') throw new Error(JSON.stringify(findings));
  return resource;
}

/** The lines that differ, before and after. */
function changed(
  metrics: string,
  settings: Parameters<typeof tunedManifest>[2],
  apiVersion?: string,
): { readonly gone: readonly string[]; readonly come: readonly string[] } {
  const text = manifest(metrics, apiVersion);
  const tuned = tunedManifest(text, canaryOf(text), settings);
  canaryOf(tuned);
  const [before, after] = [text.split('\n'), tuned.split('\n')];
  return {
    gone: before.filter((line) => !after.includes(line)).map((line) => line.trim()),
    come: after.filter((line) => !before.includes(line)).map((line) => line.trim()),
  };
}

test('limits keep the way they are written, and their comments', () => {
  const metrics = `      - name: errors
        objective: 0.1 % # by contract
      - name: request-success-rate
        objective: { limit: "99.9 %", total: a, bad: b }
      - name: floor
        objective: ">= 99 %"
      - name: latency
        objective: p95 2 s
      - name: error-rate
        thresholdRange: { max: 1 }`;
  const limits = {
    errors: 0.0005,
    'request-success-rate': 0.002,
    floor: 0.05,
    latency: 0.1,
    'error-rate': 0.002,
  };
  expect(changed(metrics, { limits })).toMatchInlineSnapshot(`
    {
      "come": [
        "objective: 0.05 % # by contract",
        "objective: { limit: 99.8 %, total: a, bad: b }",
        "objective: ">= 95 %"",
        "objective: p90 2 s",
        "thresholdRange: { max: 0.2 }",
      ],
      "gone": [
        "objective: 0.1 % # by contract",
        "objective: { limit: "99.9 %", total: a, bad: b }",
        "objective: ">= 99 %"",
        "objective: p95 2 s",
        "thresholdRange: { max: 1 }",
      ],
    }
  `);
});

test('a latency with a fixed quantile gets an objective', () => {
  const metrics = `      - name: request-duration
        thresholdRange: { max: 500 }`;
  expect(changed(metrics, { limits: { 'request-duration': 0.05 } })).toMatchInlineSnapshot(`
    {
      "come": [
        "objective: p95 500ms",
      ],
      "gone": [
        "thresholdRange: { max: 500 }",
      ],
    }
  `);
});

test('margin and level are fields, on flagger.app annotations', () => {
  const metrics = `      - name: request-success-rate
        thresholdRange: { min: 99 }`;
  const settings = { limits: { 'request-success-rate': 0.005 }, margin: 2, level: 340 };
  expect(changed(metrics, settings)).toMatchInlineSnapshot(`
    {
      "come": [
        "thresholdRange: { min: 99.5 }",
        "margin: 2",
        "level: 340",
      ],
      "gone": [
        "thresholdRange: { min: 99 }",
      ],
    }
  `);
  expect(changed(metrics, settings, 'flagger.app/v1beta1')).toMatchInlineSnapshot(`
    {
      "come": [
        "sluice.dev/margin: "2"",
        "sluice.dev/level: "340"",
        "thresholdRange: { min: 99.5 }",
      ],
      "gone": [
        "thresholdRange: { min: 99 }",
      ],
    }
  `);
});

test('nothing to change changes nothing', () => {
  const text = manifest('      - name: errors\n        objective: 0.1 %');
  expect(tunedManifest(text, canaryOf(text), { limits: {} })).toBe(text);
});

test('the first metric of a kind says which counters are read; what they do not answer is told', () => {
  const text = manifest(`      - name: errors
        objective: { limit: 0.1 %, total: t, bad: b }
      - name: other
        objective: { limit: 0.1 %, total: t2, bad: b }
      - name: same
        objective: { limit: 99 %, total: t, bad: b }
      - name: half
        objective: { limit: 1 %, total: t }
      - name: slow
        objective: { limit: p95 2 s, buckets: h }
      - name: plain
        objective: p99 3 s
      - name: queue
        query: sum(queue)
        thresholdRange: { max: 5 }`);
  expect(historySelectors(canaryOf(text))).toEqual({
    total: 't',
    bad: 'b',
    buckets: 'h',
    unanswered: ['other', 'half', 'plain', 'queue'],
  });
});
