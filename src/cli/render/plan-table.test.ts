import { expect, test } from 'vitest';
import { compile } from '../../resource/compile.ts';
import { readDocuments } from '../../resource/document.ts';
import { estimatePlan } from '../../resource/schedule.ts';
import { styleFor } from '../terminal/style.ts';
import { planTable } from './plan-table.ts';

const style = styleFor({ env: {}, isTty: false, noColorFlag: true });

function lines(analysis: string, requestsPerSecond: number | null): string {
  const text = `
apiVersion: sluice.dev/v1alpha1
kind: Process
metadata: {name: shop}
spec: {command: [node, shop.mjs], replicas: 4, readinessProbe: {httpGet: {path: /}}}
---
apiVersion: sluice.dev/v1alpha1
kind: Canary
metadata: {name: shop}
spec:
  targetRef: {kind: Process, name: shop}
  service: {port: 8080}
  analysis:
    steps: [{weight: 10, duration: 5m, minRequests: 500}, {weight: 50, duration: 25m, approval: true}]
    metrics:
      - {name: error-rate, objective: 0.1 %}
${analysis}`;
  return compile(readDocuments('x.yaml', text).documents)
    .services.flatMap(({ spec }) =>
      planTable('default/shop', estimatePlan(spec.plan, { requestsPerSecond }), { style, nowMs: 0 }),
    )
    .join('\n');
}

test('bet: what each step finds, its gate, the cost of a bad canary, the bound and what it holds for', () => {
  expect(lines('      - {name: latency, objective: p95 2 s}\n', 100)).toMatchInlineSnapshot(`
    "default/shop   about 35 m at the earliest
    FROM   FOR   WHAT                         REQUESTS  FINDS WITH 90 %               GATE
    +0 s   0 s   start the canary
    +0 s   5 m   10 %                         3 000     errors of 0.62 %, slow 7.4 %  500 requests
    +5 m   25 m  50 %                         75 000    errors of 0.17 %, slow 5.5 %  its forecast, approval
    +30 m  0 s   promote
    +30 m  5 m   bake at 100 %                30 000
    +35 m  0 s   roll the idle stable, drain
    Taken back: users safe 100 ms after the decision, drained within 30 s.
    A canary that is bad from the start, at the traffic of the first step:
    ERRORS  BACK AFTER  FAILED UNTIL THEN
    1 %     52 s        about 5
    5 %     5 s         about 2
    50 %    2 s         about 10
    Under threshold a release at half the limit of error-rate would be rolled back in 97 % of rollouts.
    At most 1 % of healthy releases are rolled back by the statistical checks (error-rate, latency):
    holds under two assumptions, docs/judge.md."
  `);
});

test('threshold: found by the clock, and how often a healthy release fails', () => {
  expect(lines('    judge: threshold\n    interval: 1m\n    threshold: 5\n', 100)).toMatchInlineSnapshot(`
    "default/shop   about 35 m at the earliest
    FROM   FOR   WHAT                         REQUESTS  FINDS WITH 90 %   GATE
    +0 s   0 s   start the canary
    +0 s   5 m   10 %                         3 000     errors of 0.38 %  500 requests
    +5 m   25 m  50 %                         75 000    errors of 0.17 %  approval
    +30 m  0 s   promote
    +30 m  5 m   bake at 100 %                30 000
    +35 m  0 s   roll the idle stable, drain
    Taken back: found within 5 m of enough failures, users safe 100 ms after that, drained within 30 s.
    A canary that is bad from the start, at the traffic of the first step:
    ERRORS  BACK AFTER  FAILED UNTIL THEN
    1 %     5 m         about 30
    5 %     5 m         about 150
    50 %    5 m         about 1 500
    error-rate: a release at half its limit fails 8.9 % of the checks and is rolled back in 19 % of rollouts.
    This judge gives no guarantee of how rarely a good release is taken back."
  `);
});

test('without a traffic nothing is said of requests', () => {
  expect(lines('', null)).toMatchInlineSnapshot(`
    "default/shop   about 35 m at the earliest
    FROM   FOR   WHAT                         REQUESTS  FINDS WITH 90 %  GATE
    +0 s   0 s   start the canary
    +0 s   5 m   10 %                                                    500 requests
    +5 m   25 m  50 %                                                    its forecast, approval
    +30 m  0 s   promote
    +30 m  5 m   bake at 100 %
    +35 m  0 s   roll the idle stable, drain
    Taken back: users safe 100 ms after the decision, drained within 30 s.
    At most 1 % of healthy releases are rolled back by the statistical checks (error-rate):
    holds under two assumptions, docs/judge.md."
  `);
});

test('too little traffic finds nothing', () => {
  const text = lines('    judge: threshold\n', 1);
  expect(text).toMatch(/500 +nothing/);
  expect(text).toContain('50 %    never                          too few requests for a check');
});
