import type { BenchOptions, BenchResult } from './bench.ts';
import { quantile, round } from './bench.ts';
import { openCluster } from './kube/bench-cluster.ts';
import { startChild } from './kube/child.ts';
import { measureChurn } from './kube/churn.ts';
import { measureEvents } from './kube/events.ts';
import { type FailoverFigures, type Leasing, measureFailover } from './kube/failover.ts';
import type { GetFigures } from './kube/gets.ts';
import { measureHeap } from './kube/heap.ts';
import { createPods, measureHeld } from './kube/held-pods.ts';
import { makePlace, type Place } from './kube/place.ts';
import type { SideCommands } from './kube/sides/side-main.ts';
import { measureSync } from './kube/sync.ts';

const limits = {
  eventP50Ms: '8, and that of client-node',
  eventP99Ms: 40,
  getMs: 'a third of client-node',
  connections: 2,
  bytesPerObject: '3000, and half of client-node',
  lost: 0,
  lagP99Ms: 250,
  cpuShare: 1,
  failoverMs: 17_000,
  shortFailoverMs: 4_000,
  staleWrites: 0,
  syncMs: 400,
  heapSlopeKbPerHour: '0 within its interval',
};

const defaultLeasing: Leasing = {
  timing: { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
  marginMs: 2_000,
};
const shortLeasing: Leasing = {
  timing: { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 500 },
  marginMs: 500,
};

/** Some of the figures, and how they came about. */
interface Part {
  readonly figures: BenchResult['figures'];
  readonly against: BenchResult['against'];
}

/** The Kubernetes client and its runtime beside the official client, on a real control plane where there is one. */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const cluster = await openCluster(options.say);
  const place = await makePlace(cluster.kubeconfig);
  try {
    const parts = [await compared(place, options), await started(place, options)];
    // While leases run out, there is a core for hours that pass in seconds; in a short run, for everything else.
    const failing = failedOver(place, options);
    parts.push(await aged(options));
    if (!options.quick) parts.push(await failing);
    parts.push(await churned(options), await held(place, options));
    if (options.quick) parts.push(await failing);
    return {
      figures: Object.assign({}, ...parts.map(({ figures }) => figures)) as Part['figures'],
      against: {
        server: cluster.kind,
        limits,
        ...(Object.assign({}, ...parts.map(({ against }) => against)) as Part['against']),
      },
    };
  } finally {
    await place.remove();
    await cluster.stop();
  }
}

/** Events and calls, ours and theirs in turns, each in a process of its own. */
async function compared({ kubeconfig, namespace }: Place, { quick, say }: BenchOptions): Promise<Part> {
  const sides = ['ours', 'client-node'].map((which) =>
    startChild<SideCommands>('sides/side-main.ts', [which, kubeconfig]),
  );
  const turns = quick ? { turns: 2, turnMs: 1_500 } : { turns: 11, turnMs: 3_000 };
  const [ours, theirs] = await measureEvents(kubeconfig, namespace, sides, turns);
  const gets = sides.map((): GetFigures[] => []);
  for (let round = 0; round < (quick ? 2 : 7); round += 1) {
    for (const [index, side] of sides.entries()) gets[index]?.push(await side.call('gets', { calls: 200 }));
  }
  await Promise.all(sides.map((side) => side.stop()));
  const [ourGets = [], theirGets = []] = gets;
  if (ours === undefined || theirs === undefined) throw new Error('there are two sides');
  const figures = {
    eventP50Ms: round(ours.p50Ms),
    eventP99Ms: round(ours.p99Ms),
    clientNodeEventP50Ms: round(theirs.p50Ms),
    getMs: round(median(ourGets.map(({ ms }) => ms)), 0),
    connections: Math.max(...ourGets.map(({ connections }) => connections)),
    clientNodeGetMs: round(median(theirGets.map(({ ms }) => ms)), 0),
    clientNodeConnections: Math.max(...theirGets.map(({ connections }) => connections)),
  };
  say(`write to handler: ours p50 ${figures.eventP50Ms} ms, client-node ${figures.clientNodeEventP50Ms} ms`);
  say(`200 calls: ours ${figures.getMs} ms, client-node ${figures.clientNodeGetMs} ms`);
  return {
    figures,
    against: {
      events: {
        ours,
        clientNode: theirs,
        note: 'the same writes on both; medians over the turns of their quantiles; turnsMs: p50 of each turn',
      },
      gets: { ours: ourGets, clientNode: theirGets },
    },
  };
}

async function started({ kubeconfig, namespace }: Place, { quick, say }: BenchOptions): Promise<Part> {
  const sync = await measureSync(kubeconfig, namespace, quick ? 3 : 11);
  say(`process start to full caches: ${round(sync.ms, 0)} ms (bare Node ${round(sync.bareNodeMs, 0)} ms)`);
  return {
    figures: { syncMs: round(sync.ms, 0) },
    against: { sync: { objects: sync.objects, kinds: 4, bareNodeMs: round(sync.bareNodeMs, 0) } },
  };
}

async function failedOver({ kubeconfig, namespace }: Place, { quick, say }: BenchOptions): Promise<Part> {
  const usual: FailoverFigures[] = [];
  const short: FailoverFigures[] = [];
  for (let trial = 0; trial < (quick ? 1 : 3); trial += 1) {
    const [one, other] = await Promise.all([
      measureFailover(kubeconfig, namespace, defaultLeasing),
      measureFailover(kubeconfig, namespace, shortLeasing),
    ]);
    usual.push(one);
    short.push(other);
    say(`leader frozen: the other one writes after ${round(one.ms, 0)} ms, ${round(other.ms, 0)} ms`);
  }
  const worst = (trials: readonly FailoverFigures[]): number => Math.max(...trials.map(({ ms }) => ms));
  return {
    figures: {
      failoverMs: round(worst(usual), 0),
      shortFailoverMs: round(worst(short), 0),
      staleWrites: [...usual, ...short].reduce((sum, { staleWrites }) => sum + staleWrites, 0),
    },
    against: {
      failover: { usual, short, leases: { default: defaultLeasing, short: shortLeasing }, note: 'the worst' },
    },
  };
}

async function churned({ quick, say }: BenchOptions): Promise<Part> {
  const churn = await measureChurn(quick ? 5_000 : 10_000, quick ? 5_000 : 30_000);
  const { lost, lagP99Ms, cpuShare } = churn;
  say(
    `${churn.writes} updates: ${lost} lost, lag p99 ${round(lagP99Ms, 1)} ms, ${round(cpuShare)} of a core`,
  );
  return {
    figures: { lost, lagP99Ms: round(lagP99Ms, 1), cpuShare: round(cpuShare, 3) },
    against: { churn: { ...churn, server: 'fake, in a process of its own, over TLS' } },
  };
}

async function aged({ quick, say }: BenchOptions): Promise<Part> {
  const heap = await measureHeap(quick ? { warmUpHours: 0.5, hours: 1 } : { warmUpHours: 3, hours: 12 });
  const { samples, interval, slopeKbPerHour, writes, reconciles, faults } = heap;
  const [low, high] = interval.map((bound) => round(bound, 1));
  const note = quick ? ': too short for a figure, bounded tables still fill' : '';
  say(
    `${samples.at(-1)?.atHours} hours of churn: heap ${round(slopeKbPerHour, 1)} kB/h (${low} to ${high})${note}`,
  );
  return {
    figures: { heapSlopeKbPerHour: quick ? null : round(slopeKbPerHour, 1) },
    against: {
      heap: {
        server: 'fake, in the same process, in virtual time: its memory is in the figure',
        interval: [low, high],
        heapKb: samples.map(({ heapKb }) => Math.round(heapKb)),
        writes,
        reconciles,
        faults,
      },
    },
  };
}

async function held({ kubeconfig, namespace }: Place, { quick, say }: BenchOptions): Promise<Part> {
  await createPods(kubeconfig, namespace, quick ? 1_000 : 10_000);
  const { ours, clientNode, objects } = await measureHeld(kubeconfig, namespace, quick ? 1 : 3);
  say(`${objects} pods: ours keeps ${round(ours, 0)} bytes for each, client-node ${round(clientNode, 0)}`);
  return {
    figures: { bytesPerObject: round(ours, 0), clientNodeBytesPerObject: round(clientNode, 0) },
    against: { held: { objects, note: 'informers of both; heap after collections, in new processes' } },
  };
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
