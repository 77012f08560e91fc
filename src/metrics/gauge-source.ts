import type { Sample } from '../analysis/block.ts';
import type { CheckPlan, Measure } from '../analysis/judge.ts';
import type { MetricReading, MetricSource, ServiceKey } from '../engine/ports.ts';
import type { Plan } from '../rollout/plan.ts';

/** What one replica uses at the moment. */
export interface ReplicaUsage {
  /** Unique for ever. */
  readonly replica: string;
  readonly arm: 'stable' | 'canary';
  /** Changes when the replica's process is started anew, and `cpuSeconds` with it. */
  readonly process: number;
  /** Resident memory of all its processes. */
  readonly memoryBytes: number;
  /** Processor time of all its processes since the start. */
  readonly cpuSeconds: number;
}

export interface UsageReader {
  /** Of all replicas that serve; those that cannot be read are missing. */
  usage(key: ServiceKey): Promise<readonly ReplicaUsage[]>;
}

interface Reading {
  readonly atMs: number;
  readonly cpu: Readonly<Record<string, readonly [process: number, cpuSeconds: number]>>;
}

/**
 * Memory and processor time of the replicas, as gauges. Nothing is read unless the plan has such a check. It only warns, so it has no
 * right to be in the way: what cannot be read is missing, and never an error of the source.
 */
export class GaugeSource implements MetricSource {
  readonly #reader: UsageReader;

  constructor(reader: UsageReader) {
    this.#reader = reader;
  }

  async read(key: ServiceKey, plan: Plan, cursor: unknown, nowMs: number): Promise<MetricReading> {
    const checks = plan.judging.checks.filter(({ measure }) => usageOf(measure) !== null);
    if (checks.length === 0) return { blocks: [], samples: [], cursor: null };
    const usage = await this.#reader.usage(key).catch(() => null);
    if (usage === null) return { blocks: [], samples: [], cursor };
    // Only this class writes the cursor, and the store gives it back as it was.
    const before = cursor as Reading | null;
    const inPlace = plan.strategy === 'Rolling' || plan.strategy === 'Recreate';
    const samples = checks.flatMap((check) =>
      usage.flatMap((one): readonly Sample[] => {
        const value = valueOf(check, one, before, nowMs);
        if (value === null) return [];
        // Without a canary arm the arm that is replaced in place is the one on trial.
        const arm = inPlace ? other[one.arm] : one.arm;
        return [{ check: check.name, atMs: nowMs, value, arm, unit: one.replica }];
      }),
    );
    const cpu = usage.map(({ replica, process, cpuSeconds }) => [replica, [process, cpuSeconds]] as const);
    const reading: Reading = { atMs: nowMs, cpu: Object.fromEntries(cpu) };
    return { blocks: [], samples: before === null ? [] : samples, cursor: reading };
  }
}

function usageOf(measure: Measure): 'memory' | 'cpu' | null {
  return measure.kind === 'gauge' ? (measure.usage ?? null) : null;
}

const other = { stable: 'canary', canary: 'stable' } as const;

function valueOf(
  { measure }: CheckPlan,
  one: ReplicaUsage,
  before: Reading | null,
  nowMs: number,
): number | null {
  if (usageOf(measure) === 'memory') return one.memoryBytes;
  const last = before?.cpu[one.replica];
  if (before === null || last === undefined || last[0] !== one.process || nowMs <= before.atMs) return null;
  return Math.max(0, one.cpuSeconds - last[1]) / ((nowMs - before.atMs) / 1_000);
}
