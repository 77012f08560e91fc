import { setTimeout as sleep } from 'node:timers/promises';
import { fakeCluster } from './bench-cluster.ts';
import { startChild } from './child.ts';
import type { ChurnCommands } from './churn-main.ts';

export interface ChurnFigures {
  /** Writes whose event never came, and objects that are not in the cache as they are on the server. */
  readonly lost: number;
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  /** Of one core, for the process with the informer. */
  readonly cpuShare: number;
  readonly writes: number;
  readonly endedWatches: number;
}

const endWatchesEveryMs = 4_000;

/** An informer in a process of its own, the fake in another: many objects, many writes, and watches that end meanwhile. */
export async function measureChurn(objects: number, durationMs: number): Promise<ChurnFigures> {
  const cluster = await fakeCluster();
  const watcher = startChild<ChurnCommands>('churn-main.ts', [cluster.kubeconfig]);
  try {
    await cluster.process.call('fill', { objects });
    await watcher.call('follow');
    const { written, ended } = await cluster.process.call('churn', {
      perSecond: 1_000,
      durationMs,
      endWatchesEveryMs,
    });
    const figures = await watcher.call('figures');
    // For what may still be on its way.
    await sleep(2_000);
    const { seen } = await watcher.call('figures');
    const wanted = await cluster.process.call('versions');
    const held = new Set(await watcher.call('versions'));
    const different = wanted.filter((version) => !held.has(version)).length + (held.size - wanted.length);
    return {
      lost: written - seen + different,
      lagP50Ms: figures.lagP50Ms,
      lagP99Ms: figures.lagP99Ms,
      cpuShare: figures.cpuShare,
      writes: written,
      endedWatches: ended,
    };
  } finally {
    await watcher.stop();
    await cluster.stop();
  }
}
