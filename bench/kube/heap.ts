import { startChild } from './child.ts';
import type { HeapCommands, HeapOptions, HeapRun } from './heap-main.ts';

export interface HeapFigures extends HeapRun {
  /** Median of the slopes between all pairs of samples (Theil and Sen), of heaps after a collection. */
  readonly slopeKbPerHour: number;
  /** 95 % interval of it (Sen, by Kendall's variance): zero within it is no growth. */
  readonly interval: readonly [number, number];
}

export async function measureHeap(options: HeapOptions): Promise<HeapFigures> {
  const child = startChild<HeapCommands>('heap-main.ts');
  try {
    const run = await child.call('run', options);
    const { samples } = run;
    const slopes = samples
      .flatMap((a, index) =>
        samples.slice(index + 1).map((b) => (b.heapKb - a.heapKb) / (b.atHours - a.atHours)),
      )
      .toSorted((a, b) => a - b);
    const count = samples.length;
    const spread = 1.96 * Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
    const at = (rank: number): number =>
      slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN;
    return {
      ...run,
      slopeKbPerHour: at((slopes.length - 1) / 2),
      interval: [at((slopes.length - spread) / 2 - 1), at((slopes.length + spread) / 2)],
    };
  } finally {
    await child.stop();
  }
}
