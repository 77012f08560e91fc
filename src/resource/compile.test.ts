import { readFileSync } from 'node:fs';
import { anything, assert, constant, constantFrom, dictionary, oneof, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../rollout/plan.ts';
import { compile } from './compile.ts';
import { readDocuments, type SourceDocument } from './document.ts';
import { formatFindings } from './fixtures/format-findings.ts';
import { processOf, read, stepsText } from './fixtures/resources.ts';

describe('the seed document', () => {
  const seed = (name: string): readonly SourceDocument[] => {
    const text = readFileSync(new URL(`fixtures/seed/${name}`, import.meta.url), 'utf8');
    return readDocuments(name, text).documents;
  };
  const all = ['canary.yaml', 'deployment.yaml', 'workflow.yaml', 'process.yaml'].flatMap(seed);

  test('runs on one machine', () => {
    const { services, findings } = compile(all);
    expect(formatFindings(findings)).toMatchInlineSnapshot(`
      "canary.yaml:17:5 info not-on-one-machine
        spec.service.targetPort is for a cluster. The field is about a cluster or a mesh; on one machine it does nothing.
        fix: nothing, if it is meant for one
      canary.yaml:18:5 info not-on-one-machine
        spec.service.gateways is for a cluster. The field is about a cluster or a mesh; on one machine it does nothing.
        fix: nothing, if it is meant for one
      canary.yaml:22:5 info not-on-one-machine
        spec.service.hosts is for a cluster. The field is about a cluster or a mesh; on one machine it does nothing.
        fix: nothing, if it is meant for one
      canary.yaml:55:7 warning metric-error-rate
        The metric "error-rate" has neither a query nor a templateRef. Flagger has no built-in of this name and fails every tick; here it is the share of 5xx answers in percent.
        fix: add a templateRef to a MetricTemplate that holds the query
      canary.yaml:81:3 warning rollback-on-failure
        rollbackOnFailure is true. Rolling back a failed release is what happens anyway; Flagger does not know the field, and kubectl refuses it there.
        fix: remove it
      process.yaml:18:3 info process-overrides-deployment
        replicas is 2 here and 10 in the Deployment. The Process and the Deployment beside it differ; the Process counts.
        fix: nothing, if that is meant
      process.yaml:19:3 info process-overrides-deployment
        minReadySeconds is 1 here and 30 in the Deployment. The Process and the Deployment beside it differ; the Process counts.
        fix: nothing, if that is meant
      workflow.yaml:2:1 info unknown-kind
        The document is not a resource. Only documents of known kinds are read; this one changes nothing.
        fix: nothing, if it is meant for something else
      0 errors, 2 warnings, 6 info"
    `);
    expect(
      services.map(({ spec }) => [spec.namespace, spec.name, spec.flavour, spec.front.port]),
    ).toMatchInlineSnapshot(`
      [
        [
          "production",
          "ecommerce-api",
          "flagger",
          8080,
        ],
      ]
    `);
    expect(services.flatMap(({ spec }) => stepsText(spec.plan))).toMatchInlineSnapshot(`
      [
        "weight 10 for 60 s and 1",
        "weight 20 for 60 s and 1",
        "weight 30 for 60 s and 1",
        "weight 40 for 60 s and 1",
        "weight 50 for 60 s and 1",
      ]
    `);
    const { steps: _, hooks: __, ...plan } = services[0]?.spec.plan ?? ({} as Plan);
    expect(plan).toMatchInlineSnapshot(`
      {
        "approvalBeforePromotion": false,
        "bakeMs": 0,
        "canaryReadyPercent": 100,
        "canarySize": "full",
        "drainMs": 30000,
        "judging": {
          "bet": {
            "plannedBlocks": 300,
          },
          "checks": [
            {
              "limit": {
                "min": 99,
              },
              "measure": {
                "kind": "successShare",
              },
              "minRequests": 0,
              "name": "request-success-rate",
              "shownScale": 1,
              "shownUnit": "%",
              "windowMs": 60000,
            },
            {
              "limit": {
                "max": 2,
              },
              "measure": {
                "kind": "latencyQuantile",
                "quantile": 0.99,
              },
              "minRequests": 0,
              "name": "request-duration",
              "shownScale": 1000,
              "shownUnit": "ms",
              "windowMs": 60000,
            },
            {
              "limit": {
                "max": 0.1,
              },
              "measure": {
                "kind": "errorShare",
              },
              "minRequests": 0,
              "name": "error-rate",
              "shownScale": 1,
              "shownUnit": "%",
              "windowMs": 60000,
            },
          ],
          "failAt": "nextTick",
          "failureThreshold": 5,
          "intervalMs": 60000,
          "judge": "threshold",
          "onNoData": "fail",
          "shadow": [
            "bet",
          ],
        },
        "onInconclusive": "hold",
        "progressDeadlineMs": 600000,
        "promotion": "rolling",
        "replicas": 2,
        "roll": {
          "kind": "rolling",
          "maxSurge": 1,
          "maxUnavailable": 0,
          "minReadySeconds": 1,
        },
        "semantics": "flagger",
        "skipAnalysis": false,
        "slowAfterMs": null,
        "stableReadyPercent": 100,
        "strategy": "Canary",
        "verifyWithinMs": 10000,
        "version": 1,
        "waitsForForecast": false,
      }
    `);
    expect(services[0]?.target).toMatchInlineSnapshot(`
      {
        "label": "v1.2.0",
        "revision": "ef750f1d59",
        "template": {
          "args": [
            "const { createServer } = require('node:http');
      const server = createServer((request, response) => response.end(\`\${process.env.VERSION}\\n\`));
      process.on('SIGTERM', () => server.close());
      server.listen(Number(process.env.PORT), '127.0.0.1');
      ",
          ],
          "command": [
            "node",
            "-e",
          ],
          "env": {
            "VERSION": "v1.2.0",
          },
          "livenessProbe": {
            "action": {
              "headers": {},
              "host": null,
              "kind": "http",
              "path": "/actuator/health/liveness",
              "port": null,
            },
            "failureThreshold": 3,
            "initialDelaySeconds": 30,
            "periodSeconds": 10,
            "successThreshold": 1,
            "timeoutSeconds": 5,
          },
          "port": null,
          "preStop": {
            "command": [
              "/bin/sh",
              "-c",
              "sleep 15",
            ],
            "kind": "exec",
          },
          "readinessProbe": {
            "action": {
              "headers": {},
              "host": null,
              "kind": "http",
              "path": "/actuator/health/readiness",
              "port": null,
            },
            "failureThreshold": 3,
            "initialDelaySeconds": 10,
            "periodSeconds": 5,
            "successThreshold": 1,
            "timeoutSeconds": 3,
          },
          "startupProbe": {
            "action": {
              "headers": {},
              "host": null,
              "kind": "http",
              "path": "/actuator/health/liveness",
              "port": null,
            },
            "failureThreshold": 30,
            "initialDelaySeconds": 0,
            "periodSeconds": 5,
            "successThreshold": 1,
            "timeoutSeconds": 3,
          },
          "terminationGracePeriodSeconds": 30,
          "workingDir": null,
        },
      }
    `);
  });

  test('needs a Process beside it', () => {
    const { services, findings } = compile(['canary.yaml', 'deployment.yaml'].flatMap(seed));
    expect(services).toEqual([]);
    expect(findings.filter(({ severity }) => severity === 'error').map(({ code }) => code)).toEqual([
      'target-missing',
    ]);
  });

  test('keeps its text as it stands', () => {
    const { services } = compile(all);
    expect(services[0]?.source.map((text) => text.split('\n')[0])).toEqual([
      '# Flagger Canary Resource',
      '# Stands beside the Deployment of the same name: what one machine runs for it. Probes, replicas and the rest come from the Deployment.',
      '# Deployment with Rolling Update',
    ]);
    const again = compile((services[0]?.source ?? []).flatMap((text) => read(text)));
    expect(again.services.map(({ spec, target }) => [spec, target.revision])).toEqual(
      services.map(({ spec, target }) => [spec, target.revision]),
    );
  });
});

test('no resource, however broken, makes it throw', () => {
  const odd = oneof(
    anything({ withNullPrototype: false }),
    constantFrom<unknown>(null, -1, 0, 1e9, '', '10s', '5 %', '{{', [], {}, [null], [{}], NaN),
  );
  const spec = record(
    {
      targetRef: oneof(odd, constant({ kind: 'Process', name: 'shop' })),
      service: oneof(odd, record({ port: odd, assignBy: odd }, { requiredKeys: [] })),
      analysis: record(
        {
          interval: odd,
          threshold: odd,
          steps: odd,
          stepWeights: odd,
          iterations: odd,
          match: odd,
          metrics: oneof(
            odd,
            constant([{ name: 'x', objective: 'p0 0s' }]),
            dictionary(constantFrom('name', 'query'), odd),
          ),
          webhooks: odd,
          sessionAffinity: odd,
        },
        { requiredKeys: [] },
      ),
      strategy: odd,
      [`unknown`]: odd,
    },
    { requiredKeys: [] },
  );
  const kinds = constantFrom(
    'Canary',
    'Process',
    'MetricTemplate',
    'Deployment',
    'ConfigMap',
    'AlertProvider',
    'Other',
  );
  const versions = constantFrom('flagger.app/v1beta1', 'sluice.dev/v1alpha1', 'apps/v1', 'v1');
  const resource = record({
    apiVersion: versions,
    kind: kinds,
    metadata: oneof(constant({ name: 'shop' }), odd),
    spec: oneof(spec, odd),
  });
  assert(
    property(resource, resource, (first, second) => {
      const text = [first, second, processOf()].map((value) => safeJson(value)).join('\n---\n');
      const { services, findings } = compile(read(text));
      expect(services.length + findings.length).toBeGreaterThan(0);
      expect(formatFindings(findings)).toMatch(/info$/);
    }),
    { numRuns: 300 },
  );
});

function safeJson(value: unknown): string {
  return (
    JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? String(member) : member)) ??
    'null'
  );
}
