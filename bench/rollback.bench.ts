import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { judgeOf } from '../src/analysis/judges.ts';
import { monotonicClock } from '../src/engine/clock.ts';
import { cryptographicRandom } from '../src/engine/cryptographic-random.ts';
import { Engine } from '../src/engine/engine.ts';
import type { Platform, ServiceKey } from '../src/engine/ports.ts';
import { createEgress } from '../src/hooks/egress.ts';
import { createHookCaller } from '../src/hooks/hook-caller.ts';
import { runLoad } from '../src/hooks/load.ts';
import { ProxySource } from '../src/metrics/proxy-source.ts';
import { LogNotifier } from '../src/notify/log-notifier.ts';
import { LocalPlatform } from '../src/platform/local/local-platform.ts';
import { openRecord } from '../src/record/open.ts';
import { compileApply } from '../src/resource/apply.ts';
import { retarget } from '../src/resource/retarget.ts';
import type { ProcessTemplate } from '../src/resource/service-spec.ts';
import { decide } from '../src/rollout/decide.ts';
import { type BenchOptions, type BenchResult, quantile, round } from './bench.ts';
import { freePorts } from './free-ports.ts';

const root = join(import.meta.dirname, '..');
const actor = { kind: 'person', name: 'bench' } as const;
const services = ['a', 'b', 'c', 'd'];
const requestsPerSecond = 400;
const stallMs = 2_000;

/**
 * From the order to roll back until every proxy worker has acknowledged weight 0: real keeper, proxy, processes and SQLite, under
 * load. Then the same while the disk is stalled, and while a webhook of the rollout hangs.
 */
export async function run({ quick, say }: BenchOptions): Promise<BenchResult> {
  const hung = await hungServer();
  const bed = await openBed((hung.address() as AddressInfo).port);
  const load = new AbortController();
  const ports = bed.ports;
  const loads = ports.map((port) => runLoad(loadOf(port), { signal: load.signal }));
  try {
    const plain = await bed.rollbacks(quick ? 20 : 200, async (take) => await take());
    say(`${plain.length} rollbacks under load: ${describe(plain)}`);
    const stalled = await bed.rollbacks(quick ? 4 : 40, async (take) => {
      const over = bed.stall();
      await sleep(50);
      await take();
      await over;
    });
    say(`${stalled.length} with the disk stalled for ${stallMs} ms: ${describe(stalled)}`);
    await bed.useHook();
    const hooked = await bed.rollbacks(quick ? 8 : 40, async (take) => {
      // The hook is asked with the first check, a second after the step began.
      await sleep(1_500);
      await take();
    });
    say(`${hooked.length} with a webhook that hangs: ${describe(hooked)}`);
    load.abort();
    const reports = await Promise.all(loads);
    const failed = reports.reduce((sum, report) => sum + report.failed, 0);
    const requests = reports.reduce((sum, report) => sum + report.requests, 0);
    say(`${requests} requests meanwhile, ${failed} without an answer`);
    return {
      figures: {
        p50Ms: round(quantile(plain, 0.5)),
        p99Ms: round(quantile(plain, 0.99)),
        stalledDiskP99Ms: round(quantile(stalled, 0.99)),
        hungHookP99Ms: round(quantile(hooked, 0.99)),
        rollbacks: plain.length,
        requests,
        failed,
      },
      against: {
        limits: { p50Ms: 5, p99Ms: 20, stalledDiskP99Ms: 30, hungHookP99Ms: 30 },
        samples: { plain: plain.length, stalledDisk: stalled.length, hungHook: hooked.length },
        note: 'from the order (commands.act) to the acknowledgement of weight 0 by every proxy worker',
      },
    };
  } finally {
    load.abort();
    await Promise.allSettled(loads);
    await bed.close();
    hung.closeAllConnections();
    hung.close();
  }
}

function describe(samples: readonly number[]): string {
  return `p50 ${round(quantile(samples, 0.5))} ms, p99 ${round(quantile(samples, 0.99))} ms, max ${round(Math.max(...samples))} ms`;
}

function loadOf(port: number): Parameters<typeof runLoad>[0] {
  return {
    url: `http://127.0.0.1:${port}/price?item=tea`,
    method: 'GET',
    headers: {},
    body: null,
    requests: null,
    durationMs: 600_000,
    concurrency: 4,
    ratePerWorker: requestsPerSecond / services.length / 4,
    timeoutMs: 10_000,
    keepAlive: true,
  };
}

/** Accepts webhooks and never answers. */
async function hungServer(): Promise<Server> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

interface Bed {
  readonly ports: readonly number[];
  /** Milliseconds of `count` rollbacks; `when` brings about the circumstances and calls `take` for the order itself. */
  rollbacks(count: number, when: (take: () => Promise<void>) => Promise<void>): Promise<number[]>;
  stall(): Promise<void>;
  useHook(): Promise<void>;
  close(): Promise<void>;
}

async function openBed(hookPort: number): Promise<Bed> {
  const state = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const clock = monotonicClock(0);
  const log = (level: string, message: string): void => {
    if (level === 'error') process.stderr.write(`${message}\n`);
  };
  const record = await openRecord({ directory: state, clock, log, faults: true });
  const platform = new LocalPlatform({
    stateDir: state,
    keeperCommand: [process.execPath, join(root, 'src/main/sluice.ts'), '_keeper', state],
  });
  await platform.start();
  const egress = createEgress({ allowLoopback: true });
  const inForce = new Map<ServiceKey, (atMs: number) => void>();
  const engine = new Engine({
    platform: timed(platform, inForce),
    metrics: new ProxySource(platform),
    hooks: createHookCaller({
      egress,
      nowMs: () => clock.nowMs(),
      sleep: (durationMs, signal) => sleep(durationMs, undefined, { signal }),
    }),
    store: record.store,
    recorder: record.recorder,
    notifier: new LogNotifier(log),
    clock,
    random: cryptographicRandom(),
    judgeOf,
    decide,
    log,
  });
  await engine.start();
  const ports = await freePorts(services.length);
  const apply = async (withHook: boolean): Promise<void> => {
    const files = services.map((name, index) => ({
      file: `${name}.yaml`,
      text: manifest(name, ports[index] ?? 0, withHook ? hookPort : null),
      folder: join(root, 'examples/shop'),
    }));
    await engine.commands.apply(compileApply(files, []).services, actor);
  };
  await apply(false);
  const ended = async (key: ServiceKey): Promise<void> =>
    await until(() => (engine.commands.get(key).rollout?.state.endedAtMs ?? null) !== null, `${key} to end`);
  for (const name of services) await ended(`default/${name}`);
  let build = 0;

  const oneRound = async (when: (take: () => Promise<void>) => Promise<void>): Promise<number[]> => {
    build += 1;
    const keys = services.map((name): ServiceKey => `default/${name}`);
    for (const key of keys) {
      const { target } = engine.commands.get(key).canary;
      const next = retarget(target.template as ProcessTemplate, { env: { BUILD: String(build) } });
      await engine.commands.deploy(key, next, actor);
    }
    for (const key of keys)
      await until(() => engine.commands.get(key).rollout?.state.name === 'Holding', `${key} to hold`);
    const samples: number[] = [];
    await when(async () => {
      for (const key of keys) {
        const acknowledged = new Promise<number>((resolve) => inForce.set(key, resolve));
        const startedAt = performance.now();
        const acted = engine.commands.act({ kind: 'rollback', on: { key }, reason: 'bench', actor });
        samples.push((await acknowledged) - startedAt);
        await acted;
      }
    });
    await Promise.all(keys.map(ended));
    return samples;
  };

  return {
    ports,
    rollbacks: async (count, when) => {
      const samples: number[] = [];
      while (samples.length < count) samples.push(...(await oneRound(when)));
      return samples;
    },
    stall: () => record.faults.stall(stallMs),
    useHook: () => apply(true),
    close: async () => {
      await engine.stop();
      await platform.shutdown();
      await record.close();
      await egress.close();
      await rm(state, { recursive: true, force: true });
    },
  };
}

/** The platform as it is, telling when weight 0 is acknowledged. */
function timed(platform: LocalPlatform, inForce: Map<ServiceKey, (atMs: number) => void>): Platform {
  return {
    bootId: platform.bootId,
    observe: (key) => platform.observe(key),
    ensureService: (key, spec) => platform.ensureService(key, spec),
    ensureSnapshot: (key, snapshot) => platform.ensureSnapshot(key, snapshot),
    act: (key, effect, identity) => platform.act(key, effect, identity),
    lowerToZero: async (key, identity) => {
      await platform.lowerToZero(key, identity);
      inForce.get(key)?.(performance.now());
    },
    removeService: (key) => platform.removeService(key),
    watch: (listener) => platform.watch(listener),
  };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited a minute for ${what}`);
    await sleep(10);
  }
}

function manifest(name: string, port: number, hookPort: number | null): string {
  const hook =
    hookPort === null
      ? ''
      : `\n    webhooks: [{ name: slow, type: rollout, url: 'http://127.0.0.1:${hookPort}/', timeout: 60s }]`;
  return `apiVersion: sluice.dev/v1alpha1
kind: Process
metadata: { name: ${name} }
spec:
  command: [node, server.mjs]
  env: { VERSION: v1, BUILD: '0' }
  replicas: 1
  readinessProbe: { httpGet: { path: /health/ready }, periodSeconds: 1 }
  terminationGracePeriodSeconds: 5
---
apiVersion: sluice.dev/v1alpha1
kind: Canary
metadata: { name: ${name} }
spec:
  targetRef: { kind: Process, name: ${name} }
  service: { port: ${port} }
  analysis:
    interval: 1s
    threshold: 100
    steps: [{ weight: 50, duration: 10m }]
    metrics: [{ name: error-rate, objective: 1 %, interval: 1s }]${hook}
`;
}
