import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceClient } from '../src/client/client.ts';
import { readEngineFile } from '../src/client/connection.ts';
import { type LoadReport, runLoad } from '../src/hooks/load.ts';
import { KeeperClient } from '../src/platform/local/keeper/keeper-client.ts';
import { applyEdit } from '../src/resource/apply-edit.ts';
import { compressTime } from '../src/resource/compress-time.ts';
import type { RolloutView } from '../src/resource/view.ts';
import { type BenchOptions, type BenchResult, round } from './bench.ts';
import { freePorts } from './free-ports.ts';

const root = join(import.meta.dirname, '..');
const key = 'default/shop';
const clients = 40;
const perSecond = 2_200;

/**
 * Keep-alive clients that never retry, through promotions, rollbacks, engines that are killed (-9) at any moment and a change of
 * all proxy workers. A failed request is one without a complete answer written by the application.
 */
export async function run({ quick, say }: BenchOptions): Promise<BenchResult> {
  const wanted = quick ? 40_000 : 250_000;
  const bed = await openBed(say);
  const stop = new AbortController();
  const counts = { promotions: 0, rollbacks: 0, engineKills: 0, proxyReloads: 0 };
  let report: LoadReport | null = null;
  try {
    let requests = 0;
    const load = runLoad(
      {
        url: `http://127.0.0.1:${bed.port}/price?item=tea&coupon=WINTER`,
        method: 'GET',
        headers: {},
        body: null,
        requests: null,
        durationMs: 220_000,
        concurrency: clients,
        ratePerWorker: perSecond / clients,
        timeoutMs: 20_000,
        keepAlive: true,
      },
      { signal: stop.signal, onResponse: () => (requests += 1) },
    );
    const enough = (): boolean =>
      requests >= wanted &&
      (quick || (counts.promotions >= 3 && counts.rollbacks >= 3 && counts.engineKills >= 3));
    const startedAt = performance.now();
    for (let chapter = 0; !enough() && performance.now() - startedAt < 200_000; chapter += 1) {
      const good = chapter % 2 === 0;
      const revision = await bed.deploy(good ? 'v2' : 'v3', chapter);
      // Killed early, midway and late in turn.
      await sleep(400 + (chapter % 3) * 900);
      await bed.killEngine();
      counts.engineKills += 1;
      if (chapter === 1) {
        await bed.reloadProxy();
        counts.proxyReloads += 1;
      }
      const rollout = await bed.ended(revision);
      if (rollout.outcome === 'Promoted') counts.promotions += 1;
      if (rollout.outcome === 'RolledBack') counts.rollbacks += 1;
      say(`${requests} requests; ${good ? 'good' : 'bad'} version: ${rollout.outcome} (${rollout.message})`);
    }
    while (requests < wanted && performance.now() - startedAt < 200_000) await sleep(200);
    stop.abort();
    report = await load;
  } finally {
    stop.abort();
    await bed.close();
  }
  if (report === null) throw new Error('the load did not end');
  if (report.failed > 0) process.exitCode = 1;
  return {
    figures: {
      requests: report.requests,
      failed: report.failed,
      ...counts,
      perSecond: report.perSecond,
      p50Ms: report.p50Ms,
      p99Ms: report.p99Ms,
      maxMs: report.maxMs,
      seconds: round(report.elapsedMs / 1_000, 0),
    },
    against: { limits: { failed: 0 }, byStatus: report.byStatus, errors: report.errors, clients },
  };
}

interface Bed {
  readonly port: number;
  deploy(version: string, build: number): Promise<string>;
  killEngine(): Promise<void>;
  reloadProxy(): Promise<void>;
  ended(revision: string): Promise<RolloutView>;
  close(): Promise<void>;
}

async function openBed(say: (line: string) => void): Promise<Bed> {
  const state = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const [port = 0] = await freePorts(1);
  const client = SluiceClient.of(state, { actor: 'person:bench' });
  let engine = await startEngine(state);
  await client.apply({
    files: [{ file: 'sluice.yaml', text: await manifest(port), folder: join(root, 'examples/shop') }],
  });
  const ended = async (revision: string | null): Promise<RolloutView> => {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const rollout = await client.service(key).then(
        ({ service }) => service.rollout,
        () => null,
      );
      if (
        rollout !== null &&
        rollout.outcome !== null &&
        (revision === null || rollout.revision.revision === revision)
      )
        return rollout;
      if (performance.now() > deadline) throw new Error(`waited a minute for the end of ${revision}`);
      await sleep(50);
    }
  };
  await ended(null);
  return {
    port,
    deploy: async (version, build) => {
      const { revision } = await client.deploy(key, {
        set: { env: { VERSION: version, BUILD: String(build) } },
      });
      return revision;
    },
    killEngine: async () => {
      engine.kill('SIGKILL');
      await new Promise((resolve) => engine.once('exit', resolve));
      await sleep(300);
      engine = await startEngine(state);
    },
    reloadProxy: async () => {
      const keeper = new KeeperClient({ stateDir: state, keeperCommand: null, onEvent: () => undefined });
      await keeper.connect();
      await keeper.request({ method: 'reloadWorkers' });
      keeper.close();
      say('all proxy workers were replaced');
    },
    ended,
    close: async () => {
      engine.kill('SIGINT');
      await new Promise((resolve) =>
        engine.exitCode === null ? engine.once('exit', resolve) : resolve(null),
      );
      await rm(state, { recursive: true, force: true });
    },
  };
}

async function startEngine(state: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [join(root, 'src/main/sluice.ts'), 'up', '--state', state, '--quiet'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const deadline = performance.now() + 30_000;
  for (;;) {
    if ((await readEngineFile(state))?.pid === child.pid) return child;
    if (child.exitCode !== null) throw new Error(`the engine ended with ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error('the engine did not start in half a minute');
    await sleep(20);
  }
}

/** The shop with its plan 300 times faster: steps of 1, 2 and 3 s, a bake of 1 s. */
async function manifest(port: number): Promise<string> {
  const text = compressTime(await readFile(join(root, 'examples/shop/sluice.yaml'), 'utf8'), 300);
  const edit = { kind: 'set', document: 1, path: ['spec', 'service', 'port'], value: port } as const;
  return applyEdit(text, edit) ?? text;
}
