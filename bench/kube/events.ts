import { setTimeout as sleep } from 'node:timers/promises';
import { quantile, round } from '../bench.ts';
import type { Child } from './child.ts';
import { clientOf, configMap, configMaps, instant } from './resources.ts';
import type { SideCommands } from './sides/side-main.ts';

const everyMs = 20;
/** Writes on their way at once; more are not begun. */
const maxUnderWay = 8;

export interface EventFigures {
  /** Medians over the turns. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The median of each turn. */
  readonly turnsMs: readonly number[];
  readonly writes: number;
  readonly seen: number;
}

/**
 * Writes one object 50 times a second while both follow it, each in a process of its own: every write is measured on both, so the machine
 * and the server are the same for both. In turns, each with new watches, begun now by the one first and now by the other.
 */
export async function measureEvents(
  kubeconfig: string,
  namespace: string,
  sides: readonly Child<SideCommands>[],
  { turns, turnMs }: { readonly turns: number; readonly turnMs: number },
): Promise<readonly EventFigures[]> {
  const client = await clientOf(kubeconfig);
  const name = 'ticker';
  await client.create(configMaps, configMap(namespace, name, {}), { fieldManager: 'bench' });
  const write = async (): Promise<void> => {
    const body = { data: { at: instant() } };
    await client.patch(configMaps, { namespace, name }, { type: 'merge', body }, { fieldManager: 'bench' });
  };
  const found = sides.map(() => ({ p50: [] as number[], p99: [] as number[], writes: 0, seen: 0 }));
  // The first turn warms all processes up.
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const side of turn % 2 === 0 ? sides : sides.toReversed()) await side.call('follow', { namespace });
    const writes = await writeFor(turnMs, write);
    await sleep(300);
    for (const [index, side] of sides.entries()) {
      const samplesMs = await side.call('unfollow');
      const figures = found[index];
      if (turn === 0 || figures === undefined) continue;
      figures.p50.push(quantile(samplesMs, 0.5));
      figures.p99.push(quantile(samplesMs, 0.99));
      figures.writes += writes;
      figures.seen += samplesMs.length;
    }
  }
  await client.close();
  return found.map(({ p50, p99, writes, seen }) => ({
    p50Ms: quantile(p50, 0.5),
    p99Ms: quantile(p99, 0.5),
    turnsMs: p50.map((ms) => round(ms)),
    writes,
    seen,
  }));
}

async function writeFor(durationMs: number, write: () => Promise<void>): Promise<number> {
  const underWay = new Set<Promise<void>>();
  const startedMs = performance.now();
  let writes = 0;
  for (let due = 0; due < durationMs; due += everyMs) {
    await sleep(Math.max(0, startedMs + due - performance.now()));
    if (underWay.size >= maxUnderWay) continue;
    writes += 1;
    const writing = write().finally(() => underWay.delete(writing));
    underWay.add(writing);
  }
  await Promise.all(underWay);
  return writes;
}
