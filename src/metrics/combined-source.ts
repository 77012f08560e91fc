import type { Block } from '../analysis/block.ts';
import type { MetricReading, MetricSource, ServiceKey } from '../engine/ports.ts';
import type { Plan } from '../rollout/plan.ts';

/**
 * Several sources as one. If one of them throws, the reading throws and no cursor moves, so nothing is lost: counters are
 * differenced over the gap next time. Judged time is that of the first source that has blocks with arms; blocks without
 * arms, which only say that time was covered, count where there are no others.
 */
export class CombinedSource implements MetricSource {
  readonly #sources: Readonly<Record<string, MetricSource>>;

  /** By a name for each source, under which its cursor is kept. */
  constructor(sources: Readonly<Record<string, MetricSource>>) {
    this.#sources = sources;
  }

  async read(key: ServiceKey, plan: Plan, cursor: unknown, nowMs: number): Promise<MetricReading> {
    // Only this class writes the cursor, and the store gives it back as it was.
    const cursors = (cursor ?? {}) as Readonly<Record<string, unknown>>;
    const readings = await Promise.all(
      Object.entries(this.#sources).map(async ([name, source]) => ({
        name,
        reading: await source.read(key, plan, cursors[name] ?? null, nowMs),
      })),
    );
    return {
      blocks: coveringBlocks(readings.map(({ reading }) => reading.blocks)),
      samples: readings.flatMap(({ reading }) => reading.samples),
      cursor: Object.fromEntries(readings.map(({ name, reading }) => [name, reading.cursor])),
    };
  }
}

function coveringBlocks(all: readonly (readonly Block[])[]): readonly Block[] {
  const withArms = all.find((blocks) =>
    blocks.some((block) => block.canary !== undefined || block.stable !== undefined),
  );
  return withArms ?? all.find((blocks) => blocks.length > 0) ?? [];
}
