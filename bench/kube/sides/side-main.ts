import { setTimeout as sleep } from 'node:timers/promises';
import { answerCommands } from '../child.ts';
import { type GetFigures, measureGets } from '../gets.ts';
import { msSince } from '../resources.ts';
import type { Followed, Held, HeldFigures, Side } from './side.ts';

const [which = '', kubeconfig = ''] = process.argv.slice(2);
const side = await load();
let followed: Followed | null = null;
let held: Held | null = null;
let samplesMs: number[] = [];

const commands = {
  gets: async ({ calls }: { readonly calls: number }): Promise<GetFigures> => {
    const reader = await side.reader();
    const figures = await measureGets(() => reader.get(), calls);
    await reader.close();
    return figures;
  },
  follow: async ({ namespace }: { readonly namespace: string }): Promise<void> => {
    followed = await side.follow(namespace, (at) => samplesMs.push(msSince(at)));
    // What was there already is no event.
    samplesMs = [];
  },
  /** Milliseconds from each write to the handler. */
  unfollow: async (): Promise<readonly number[]> => {
    await followed?.stop();
    return samplesMs;
  },
  hold: async ({ namespace }: { readonly namespace: string }): Promise<HeldFigures> => {
    const before = await heapBytes();
    held = await side.hold(namespace);
    const bytes = (await heapBytes()) - before;
    return { objects: held.objects(), bytes };
  },
  release: async (): Promise<void> => {
    await held?.stop();
    held = null;
  },
};
export type SideCommands = typeof commands;
answerCommands(commands);

async function load(): Promise<Side> {
  if (which === 'ours') return await (await import('./ours.ts')).oursSide(kubeconfig);
  return (await import('./client-node.ts')).clientNodeSide(kubeconfig);
}

/** What is left after several collections, with time between them for what is let go late. */
async function heapBytes(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    await sleep(100);
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
