import {
  type ArmReading,
  type CounterCursor,
  type CounterReading,
  differenceCounters,
} from '../analysis/counters.ts';
import type { MetricReading, MetricSource, ServiceKey } from '../engine/ports.ts';
import { SluiceError } from '../lib/error.ts';
import type { Plan } from '../rollout/plan.ts';

/** What a proxy worker counts of one arm; it only rises while the worker lives. */
interface ProxyArmCounters {
  readonly requests: number;
  /** 5xx, answers that were not complete, and attempts that were retried elsewhere. */
  readonly errors: number;
  readonly latency: { readonly bounds: readonly number[]; readonly cumulative: readonly number[] };
}

/** Counters of the proxy workers that answer; `worker` changes with each start of one. */
export interface ProxyCounterReader {
  counters(key: ServiceKey): Promise<readonly ProxyWorkerCounters[]>;
}

export interface ProxyWorkerCounters {
  readonly worker: string;
  /** By the worker's clock, as is `startedAtMs`, when its counters stood at 0. */
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly arms: Readonly<Record<'stable' | 'canary', ProxyArmCounters>>;
}

/** Measurements from the proxy itself: every request is counted, so nothing has to be set up. */
export class ProxySource implements MetricSource {
  readonly #reader: ProxyCounterReader;

  constructor(reader: ProxyCounterReader) {
    this.#reader = reader;
  }

  async read(key: ServiceKey, plan: Plan, cursor: unknown, nowMs: number): Promise<MetricReading> {
    const workers = await this.#reader.counters(key);
    if (workers.length === 0) {
      throw new SluiceError({
        code: 'metrics-unavailable',
        message: 'no proxy worker told its counters',
        cure: 'The keeper restarts workers; nothing advances without data.',
      });
    }
    const inPlace = plan.strategy === 'Rolling' || plan.strategy === 'Recreate';
    // By the engine's clock, so that a block is of the step in whose time it was read.
    const readings = workers.map(
      ({ worker, atMs, startedAtMs, arms }): CounterReading => ({
        source: worker,
        atMs: nowMs,
        startedAtMs: nowMs - (atMs - startedAtMs),
        // Without a canary arm the arm that is replaced in place is the one on trial.
        canary: armReading(inPlace ? arms.stable : arms.canary),
        stable: armReading(inPlace ? arms.canary : arms.stable),
      }),
    );
    // Only this class writes the cursor, and the store gives it back as it was.
    const step = differenceCounters(cursor as CounterCursor | null, readings);
    return {
      blocks: step === null || step.block === null ? [] : [step.block],
      samples: [],
      cursor: step?.cursor ?? null,
    };
  }
}

/**
 * A request whose client left is no error, but it is one that the arm served: it waited as long as the histogram says, and
 * leaving it out would hide an arm so slow that nobody waits for it.
 */
function armReading({ requests, errors, latency }: ProxyArmCounters): ArmReading {
  return {
    requests: { all: requests },
    errors: { all: errors },
    latency: { bounds: latency.bounds, cumulative: latency.cumulative },
  };
}
