import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeHost } from '../../test/fakes/fake-host.ts';
import { type FakePrometheus, fakePrometheus, type FakeSeries } from '../../test/fakes/fake-prometheus.ts';
import { historyOf } from '../../test/statistics/histories.ts';
import { runCli } from '../cli/run-cli.ts';
import { localCommands } from './local-commands.ts';

let folder: string;
let server: FakePrometheus;
const nowMs = Date.parse('2026-01-05T12:00:00Z');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-history-'));
  server = await fakePrometheus(series());
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

/** What four pods counted in twelve hours, each scraped in its own phase; one starts anew at half time. */
function series(): Readonly<Record<string, readonly FakeSeries[]>> {
  const { blocks } = historyOf({
    seed: 1,
    rollouts: 239,
    errors: [0.0004, 0.0004, 0.0004, 0.0004],
    requestsPerBlock: 600,
  });
  const total: FakeSeries[] = [];
  const failures: FakeSeries[] = [];
  for (const [index, { pod }] of (blocks[0]?.pods ?? []).entries()) {
    let [requests, errors] = [0, 0];
    const counted = blocks.map(({ atMs, pods }, at) => {
      if (index === 1 && at === 1400) [requests, errors] = [0, 0];
      requests += pods[index]?.counts.requests ?? 0;
      errors += pods[index]?.counts.errors ?? 0;
      return { atMs: atMs + index * 3_000, requests, errors };
    });
    total.push({ labels: { pod }, samples: counted.map((one) => [one.atMs, one.requests] as const) });
    failures.push({ labels: { pod }, samples: counted.map((one) => [one.atMs, one.errors] as const) });
  }
  return { 'requests{job="shop"}': total, 'failures{job="shop"}': failures };
}

const canary = `apiVersion: sluice.dev/v1alpha1
kind: Canary
metadata: { name: shop }
spec:
  targetRef: { kind: Deployment, name: shop, apiVersion: apps/v1 }
  service: { port: 80 }
  analysis:
    interval: 15s
    steps:
      - { weight: 25, duration: 90s }
      - { weight: 50, duration: 90s }
    metrics:
      - name: error-rate
        objective: { limit: 0.1 %, total: 'requests{job="shop"}', bad: 'failures{job="shop"}' }
`;

test('a history of Prometheus is read, cut and judged', async () => {
  await writeFile(join(folder, 'canary.yaml'), canary);
  const from = ['--from', `prometheus=${server.address}`, '--since', '12h', '--half', 'all'];
  const host = fakeHost(['backtest', '-f', 'canary.yaml', ...from], {
    cwd: folder,
    env: { SLUICE_STATE: folder },
    local: localCommands,
  });
  const exit = await runCli({ ...host, nowMs: () => nowMs });
  expect([exit, host.stderr.text]).toEqual([0, '']);
  expect(host.stdout.text).toMatchInlineSnapshot(`
    "default/shop   239 healthy rollouts of 3 m between 2026-01-05 00:00 and 2026-01-05 11:57 UTC
      239 cut from history; the canary is random pods of stable, as many as a real one has
      1 counter started anew; what was counted just before is lost
      all 239 are judged; settings that were tuned on this history look better here than they are

    JUDGE       ROLLS BACK  SHARE   95 % BOUNDS
    bet         0 of 239    0 %     0 % to 1.25 %     the judge of the manifest
    threshold   109 of 239  45.6 %  40.2 % to 51.1 %
    argo        0 of 239    0 %     0 % to 1.25 %
    kayenta     19 of 239   7.95 %  5.27 % to 11.4 %
    likelihood  0 of 239    0 %     0 % to 1.25 %

    bet: 0 of 239 shows at most 1.25 % with 95 %. To show 1 %, none of 299 or more may be rolled back: this history is too short.
    Hours of the week are not compared: that takes 14 days.
    No rollout is known to be bad: name some *.bad.jsonl, or with --bad.
    "
  `);
});
