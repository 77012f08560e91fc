import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import type * as net from 'node:net';
import { availableParallelism } from 'node:os';
import { Rig } from '../src/platform/local/proxy/testing/rig.ts';
import { type BenchOptions, type BenchResult, quantile, round } from './bench.ts';
import { type HaproxyPair, startHaproxy } from './haproxy.ts';
import { offer, saturate } from './http-load.ts';

const connections = 32;
/** Low enough that neither proxy nor the load generator is near its limit. */
const offeredPerSecond = 2_000;

/** What one proxy did in one round. */
interface Round {
  readonly perSecond: number;
  /** Requests for each second of processor time that the proxy's own process used: what one core carries. */
  readonly perCore: number;
}

/**
 * Small keep-alive requests (1 KiB answers) through one worker, through one HAProxy thread and to the bare backend, in turns,
 * so that a busy machine slows all of them; medians of the rounds.
 */
export async function run({ quick, say }: BenchOptions): Promise<BenchResult> {
  const haproxy = await startHaproxy();
  const fallback = haproxy === null ? await plainBackend() : null;
  if (haproxy === null) say('haproxy is not installed: no comparison (Debian: apt-get install haproxy)');
  const backendPort = haproxy?.backendPort ?? fallback?.port ?? 0;
  const all = availableParallelism();
  const [one, many] = [await startRig(1, backendPort), await startRig(all, backendPort)];
  try {
    return await measure({ quick, say }, { haproxy, backendPort, one, many });
  } finally {
    await one.close();
    await many.close();
    haproxy?.close();
    fallback?.close();
  }
}

interface Setup {
  readonly haproxy: HaproxyPair | null;
  readonly backendPort: number;
  readonly one: Rig;
  readonly many: Rig;
}

async function measure({ quick, say }: BenchOptions, setup: Setup): Promise<BenchResult> {
  const { haproxy, backendPort, one, many } = setup;
  const [rounds, seconds] = quick ? [2, 2] : [3, 3];
  const pid = one.worker.process.pid ?? 0;
  say('memory under a steady load');
  const memorySlopeMbPerMin = await memorySlope(one.port, pid, quick ? 10 : 45, quick ? 5 : 15);
  const runs = { ours: [] as Round[], all: [] as Round[], theirs: [] as Round[], bare: [] as Round[] };
  for (let i = 1; i <= rounds; i += 1) {
    say(`as much as it carries, ${i} of ${rounds}`);
    runs.bare.push(await full(backendPort, seconds, []));
    runs.ours.push(await full(one.port, seconds, [pid]));
    const pids = many.workers.map((worker) => worker.process.pid ?? 0);
    runs.all.push(await full(many.port, seconds, pids));
    if (haproxy !== null) runs.theirs.push(await full(haproxy.proxyPort, seconds, [haproxy.proxyPid]));
  }
  say(`${offeredPerSecond} requests a second`);
  const tails = { ours: [] as number[], theirs: [] as number[] };
  // Many short turns: whatever else the machine does meets both.
  for (let i = 0; i < (quick ? 5 : 12); i += 1) {
    tails.ours.push(await tail(one.port, 1));
    if (haproxy !== null) tails.theirs.push(await tail(haproxy.proxyPort, 1));
  }
  const ratio = (of: number, to: number): number | null => (haproxy === null ? null : round(of / to, 3));
  const perCore = (of: readonly Round[]): number => median(of.map((item) => item.perCore));
  const perSecond = (of: readonly Round[]): number => median(of.map((item) => item.perSecond));
  return {
    figures: {
      perSecond: Math.round(perSecond(runs.ours)),
      perSecondAllWorkers: Math.round(perSecond(runs.all)),
      perCoreSecond: Math.round(perCore(runs.ours)),
      p99Ms: round(median(tails.ours)),
      ratioToHaproxy: ratio(perCore(runs.ours), perCore(runs.theirs)),
      throughputRatioToHaproxy: ratio(perSecond(runs.ours), perSecond(runs.theirs)),
      p99RatioToHaproxy: ratio(median(tails.ours), median(tails.theirs)),
      memorySlopeMbPerMin: round(memorySlopeMbPerMin),
    },
    against: {
      workers: { one: 1, all: many.workers.length },
      connections,
      offeredPerSecond,
      bareBackendPerSecond: Math.round(perSecond(runs.bare)),
      haproxy:
        haproxy === null
          ? null
          : {
              version: haproxy.version,
              threads: 1,
              perSecond: Math.round(perSecond(runs.theirs)),
              perCoreSecond: Math.round(perCore(runs.theirs)),
              p99Ms: round(median(tails.theirs)),
            },
      ratioToHaproxy: 'requests for each second of processor time of the proxy process',
    },
  };
}

async function startRig(workers: number, backendPort: number): Promise<Rig> {
  const rig = await Rig.start({ workers });
  await rig.setEndpoints(
    { id: 's', arm: 'stable', revision: 's', host: '127.0.0.1', port: backendPort, state: 'ready' },
    { id: 'c', arm: 'canary', revision: 'c', host: '127.0.0.1', port: backendPort, state: 'ready' },
  );
  await rig.setRoute({ weightPercent: 10, rollout: 'bench' });
  return rig;
}

async function full(port: number, seconds: number, pids: readonly number[]): Promise<Round> {
  const before = cpuSeconds(pids);
  const result = await saturate(port, connections, seconds);
  if (result.failed > 0) throw new Error(`${result.failed} requests failed`);
  const used = cpuSeconds(pids) - before;
  return {
    perSecond: result.requests / result.seconds,
    perCore: used > 0 ? result.requests / used : Number.NaN,
  };
}

async function tail(port: number, seconds: number): Promise<number> {
  const result = await offer(port, offeredPerSecond, connections, seconds);
  if (result.failed > 0) throw new Error(`${result.failed} requests failed`);
  return quantile(result.latenciesMs, 0.99);
}

/** User and system time so far, of `/proc/PID/stat`, in ticks of 10 ms. */
function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
}

/**
 * Slope of the resident memory under a steady load, after a time to settle: the median of the slopes between all pairs of
 * samples (Theil and Sen). V8 resizes its young generation in steps of 3 MB now and then, up and down: one such step does not
 * move this median, and a leak does.
 */
async function memorySlope(
  port: number,
  pid: number,
  seconds: number,
  settleSeconds: number,
): Promise<number> {
  const samples: { readonly minute: number; readonly mb: number }[] = [];
  const started = performance.now();
  const timer = setInterval(() => {
    const elapsed = (performance.now() - started) / 1_000;
    if (elapsed < settleSeconds) return;
    const kb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    samples.push({ minute: elapsed / 60, mb: kb / 1024 });
  }, 250);
  await offer(port, offeredPerSecond * 2, connections, seconds);
  clearInterval(timer);
  const slopes = samples.flatMap((a, k) =>
    samples.slice(k + 1).map((b) => (b.mb - a.mb) / (b.minute - a.minute)),
  );
  return median(slopes);
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

async function plainBackend(): Promise<{ readonly port: number; close(): void }> {
  const body = 'x'.repeat(1024);
  const server = http.createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as net.AddressInfo).port, close: () => server.closeAllConnections() };
}
