import { expect, test } from 'vitest';
import { canary, codes, type Json, one, processOf } from '../fixtures/resources.ts';

const steps = { steps: [{ weight: 10 }] };

function deployment(pod: Json, container: Json = {}, spec: Json = {}): Json {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop' },
    spec: {
      replicas: 6,
      ...spec,
      template: {
        metadata: { labels: { version: 'v7' } },
        spec: { containers: [{ name: 'app', image: 'x', ...container }], ...pod },
      },
    },
  };
}

const ofDeployment = canary(steps, { targetRef: { kind: 'Deployment', name: 'shop' } });
const bare = { readinessProbe: undefined, replicas: undefined };

test('a Deployment fills in what its Process does not say', () => {
  const probe = { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 2 };
  const lifecycle = { preStop: { httpGet: { path: '/stop', port: 8080 } } };
  const beside = deployment(
    { terminationGracePeriodSeconds: 50 },
    { readinessProbe: probe, livenessProbe: { exec: { command: ['true'] } }, lifecycle },
    {
      minReadySeconds: 7,
      progressDeadlineSeconds: 90,
      strategy: { rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } },
    },
  );
  const { spec, target } = one(ofDeployment, processOf(bare), beside);
  expect(target.template.readinessProbe?.action).toEqual({
    kind: 'http',
    path: '/ready',
    port: null,
    host: null,
    headers: {},
  });
  expect(target.template.livenessProbe?.action).toEqual({ kind: 'exec', command: ['true'] });
  expect(target.template.terminationGracePeriodSeconds).toBe(50);
  expect(target.label).toBe('v7');
  expect(spec.plan).toMatchObject({
    replicas: 6,
    progressDeadlineMs: 90_000,
    roll: { maxSurge: 2, maxUnavailable: 0, minReadySeconds: 7 },
  });
});

test('what a Process says itself counts, and differences are told', () => {
  const own = {
    replicas: 2,
    preStop: { sleep: { seconds: 3 } },
    terminationGracePeriodSeconds: 9,
    version: 'v8',
  };
  const beside = deployment({ terminationGracePeriodSeconds: 50 }, { readinessProbe: { tcpSocket: {} } });
  const { spec, target } = one(ofDeployment, processOf(own), beside);
  expect([
    spec.plan.replicas,
    target.label,
    target.template.preStop,
    target.template.terminationGracePeriodSeconds,
  ]).toEqual([2, 'v8', { kind: 'sleep', seconds: 3 }, 9]);
  expect(target.template.readinessProbe?.action.kind).toBe('http');
  expect(codes(ofDeployment, processOf(own), beside)).toEqual(['info process-overrides-deployment']);
});

test('what only a pod has is told', () => {
  const beside = deployment({ volumes: [], initContainers: [] }, { resources: {}, env: [] });
  expect(codes(ofDeployment, processOf({ replicas: 6 }), beside)).toEqual(
    Array.from({ length: 4 }, () => 'warning deployment-not-applied'),
  );
  const none = deployment({}, {}, { replicas: 0 });
  expect(codes(ofDeployment, processOf({ replicas: undefined }), none)).toContain('error replicas-zero');
});

test('a Process without a readiness probe is told', () => {
  expect(codes(canary(steps), processOf(bare))).toEqual(['warning probe-missing']);
});

test.each([
  [
    'a mesh',
    { service: { port: 1, gateways: ['mesh'], hosts: ['x'] } },
    {},
    ['info not-on-one-machine', 'info not-on-one-machine'],
  ],
  ['retries', { service: { port: 1, retries: { attempts: 3 } } }, {}, ['warning not-on-one-machine']],
  [
    'an autoscaler',
    { autoscalerRef: { kind: 'ScaledObject', name: 'x' } },
    {},
    ['warning not-on-one-machine'],
  ],
  ['TCP', { service: { port: 1, appProtocol: 'tcp' } }, {}, ['error not-on-one-machine']],
  [
    'labels of callers',
    {},
    { steps: [{ duration: '1m' }], match: [{ sourceLabels: { a: 'b' } }] },
    ['error match-unsupported'],
  ],
  [
    'unverified hooks',
    {},
    { webhooks: [{ name: 'a', url: 'https://x/', disableTLS: true }] },
    ['warning not-on-one-machine'],
  ],
])('one machine has no %s', (_, spec, analysis, expected) => {
  expect(codes(canary({ ...steps, ...analysis }, spec), processOf())).toEqual(expected);
});
