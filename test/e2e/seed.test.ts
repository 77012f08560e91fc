import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ServiceView } from '../../src/resource/view.ts';
import { app } from './manifest.ts';
import { type Background, Rig, until } from './rig.ts';

const api = 'production/ecommerce-api';
const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../src/resource/fixtures/seed', name), 'utf8');

/** The document's load tester under the name that its webhooks call, with the acceptance test it runs. */
async function loadTester(rig: Rig): Promise<Background> {
  const script = rig.write('run-acceptance-tests.sh', '#!/bin/sh\necho ran >> acceptance.txt\n');
  chmodSync(script, 0o755);
  const tester = rig.start(
    ['loadtester', '--port', '0', '--name', 'flagger-loadtester', '--allow', './run-acceptance-tests.sh'],
    { limitMs: 170_000 },
  );
  await until('the load tester', () => tester.stderr().includes('flagger-loadtester leads here'));
  return tester;
}

/**
 * The Canary judges each minute and the Deployment waits 10 s for readiness and 15 s before it stops, which is 12 minutes a
 * release. Flagger's shortest interval and quick probes of the Process make it one, and change nothing that is decided.
 */
async function compressed(rig: Rig): Promise<void> {
  const canary = rig.write(
    'canary.yaml',
    fixture('canary.yaml').replace('    interval: 1m\n', '    interval: 10s\n'),
  );
  const deployment = rig.write('deployment.yaml', fixture('deployment.yaml'));
  const target = rig.write(
    'process.yaml',
    `apiVersion: sluice.dev/v1alpha1
kind: Process
metadata: { name: ecommerce-api, namespace: production }
spec:
  command: [node, ${app}]
  env: { VERSION: v1.2.0 }
  replicas: 2
  minReadySeconds: 0
  readinessProbe: { httpGet: { path: /actuator/health/readiness }, periodSeconds: 1 }
  preStop: { sleep: { seconds: 1 } }
  listen: { port: ${rig.port} }
`,
  );
  await rig.up(canary, deployment, target);
  await rig.ok('wait', 'ecommerce-api', '--timeout', '30s');
}

function accepted(rig: Rig): number {
  const path = join(rig.folder, 'acceptance.txt');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').length : 0;
}

const weightOf = ({ traffic }: ServiceView): number =>
  traffic?.actual?.kind === 'weight' ? traffic.actual.weightPercent : 0;

function isShadow(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'shadow' in data;
}

describe.concurrent("the seed document's Canary on one machine", () => {
  test('as it stands: the first revision serves, a release starts, and its hooks reach the canary', async () => {
    await using rig = await Rig.create();
    // The Process stands beside the document; it says what it is asked, and listens where nobody else does.
    const told = fixture('process.yaml')
      .replace('response.end(', 'console.log(request.url) ?? response.end(')
      .replace('port: 8080', `port: ${rig.port}`);
    expect(told).toContain('console.log');
    const files = [
      rig.write('canary.yaml', fixture('canary.yaml')),
      rig.write('deployment.yaml', fixture('deployment.yaml')),
      rig.write('process.yaml', told),
    ];
    const lint = await rig.sluice('lint', ...files, '-o', 'name');
    expect(lint.exit).toBe(0);
    for (const code of [
      'rollback-on-failure',
      'metric-error-rate',
      'config-map-not-read',
      'metric-p99',
      'query-both-arms',
      'metric-same-check',
      'steps-one-check',
      'grace-in-container',
      'rollback-slow',
      'hook-runs-commands',
    ])
      expect(lint.stdout.split('\n')).toContain(code);
    await rig.up();
    const applied = await rig.sluice('apply', ...files);
    expect(applied).toMatchObject({ exit: 0 });
    expect(applied.stdout).toMatch(/^production\/ecommerce-api created \(revision [0-9a-f]{10}\)\n$/);
    expect(applied.stderr).toContain('rollback-on-failure');
    await loadTester(rig);
    await rig.ok('wait', 'ecommerce-api', '--timeout', '60s');
    expect(await rig.get()).toBe('v1.2.0');
    await rig.ok('deploy', 'ecommerce-api', '--set', 'env.VERSION=v1.3.0');
    await rig.serviceUntil(api, '10 % to the canary', (service) => weightOf(service) === 10, 60_000);
    await until('the acceptance test', () => accepted(rig) > 0);
    await until('the load on the canary', async () =>
      (await rig.ok('logs', 'ecommerce-api', '--arm', 'canary')).includes('/health'),
    );
    // None of it reached the other arm: users go by the front, the load by the canary's own name.
    expect(await rig.ok('logs', 'ecommerce-api', '--arm', 'stable')).not.toMatch(/ \/health$/m);
  });

  test('a good version is promoted through all five weights', async () => {
    await using rig = await Rig.create();
    await compressed(rig);
    const tester = await loadTester(rig);
    const load = rig.load(40);
    const revision = await rig.ok('deploy', 'ecommerce-api', '--set', 'env.VERSION=v1.3.0');
    const rollout = await rig.ended(api, revision, 150_000);
    expect(rollout).toMatchObject({ outcome: 'Promoted', weightsInForce: [10, 20, 30, 40, 50] });
    const report = await load.stop();
    expect(report).toMatchObject({ failed: 0, byStatus: { 200: report.requests } });
    expect(await rig.get()).toBe('v1.3.0');
    expect(accepted(rig)).toBeGreaterThanOrEqual(5);
    expect(tester.stderr()).toContain('./run-acceptance-tests.sh of ecommerce-api.production ended with 0');
  });

  test('a bad version is rolled back after five failed checks, and only its own requests fail', async () => {
    await using rig = await Rig.create();
    await compressed(rig);
    await loadTester(rig);
    const load = rig.load(40);
    const bad = ['deploy', 'ecommerce-api', '--set', 'env.VERSION=v1.3.0', 'env.FAIL=1', '--wait'];
    const deployed = await rig.start(bad, { limitMs: 150_000 }).ended;
    expect(deployed.exit).toBe(3);
    const { rollout } = await rig.service(api);
    expect(rollout).toMatchObject({ outcome: 'RolledBack', weightsInForce: [10] });
    // The judge that looks on would have needed less.
    const [shadow] = rollout?.judge.shadows ?? [];
    expect(shadow).toMatchObject({ name: 'bet', verdict: 'fail' });
    expect(shadow?.failedAtMs).toBeLessThan(rollout?.detectedAtMs ?? 0);
    const { events } = await rig.client.events({ key: api, after: 0, limit: 1_000 });
    const last = events.findLast(({ kind, data }) => kind === 'verdict' && !isShadow(data));
    expect(last?.data).toMatchObject({ kind: 'fail', failedChecks: 5 });
    const report = await load.stop();
    expect(report.failed).toBe(0);
    expect(report.byStatus['500']).toBe(load.byVersion.get('v1.3.0'));
    expect(await rig.get()).toBe('v1.2.0');
    expect(await rig.ok('why', 'ecommerce-api')).toContain('check-failed');
  });
});
