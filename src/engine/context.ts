import type { Judge, JudgePlan, JudgeState } from '../analysis/judge.ts';
import type { DecideInput, Decision } from '../rollout/decide.ts';
import type { KeyQueue } from './key-queue.ts';
import type {
  Clock,
  HookCaller,
  MetricSource,
  Notifier,
  Platform,
  Random,
  Recorder,
  ServiceKey,
  Store,
} from './ports.ts';
import type { RollbackLane } from './rollback-lane.ts';
import type { Service } from './service.ts';

/** Everything the engine touches. The composition root makes it; tests make it of fakes. */
export interface EngineParts {
  readonly platform: Platform;
  readonly metrics: MetricSource;
  readonly hooks: HookCaller;
  readonly store: Store;
  readonly recorder: Recorder;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly random: Random;
  readonly judgeOf: (name: JudgePlan['judge']) => Judge<JudgeState>;
  readonly decide: (input: DecideInput) => Decision;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
}

export interface EngineOptions {
  /** Services read and decided at once in the normal lane. */
  readonly concurrency: number;
  /** Between two readings of the metrics of a running rollout; a quarter of the judge's interval where that is shorter. */
  readonly readEveryMs: number;
  /** Between two looks at a running rollout that nothing is read for; the platform's word usually comes first. */
  readonly lookEveryMs: number;
  readonly observeLimitMs: number;
  readonly metricsLimitMs: number;
  readonly actLimitMs: number;
  readonly lowerLimitMs: number;
  readonly writeLimitMs: number;
  /** A running rollout is written at least this often: the judge's digest and when it was last seen. */
  readonly digestEveryMs: number;
  /** How long a command waits for the disk before it says so. */
  readonly durableLimitMs: number;
}

export const defaultOptions: EngineOptions = {
  concurrency: 16,
  readEveryMs: 1_000,
  lookEveryMs: 5_000,
  observeLimitMs: 2_000,
  metricsLimitMs: 5_000,
  actLimitMs: 10_000,
  lowerLimitMs: 1_000,
  writeLimitMs: 10_000,
  digestEveryMs: 30_000,
  durableLimitMs: 5_000,
};

/** What the pieces of the engine share. */
export interface EngineContext {
  readonly parts: EngineParts;
  readonly options: EngineOptions;
  /** `parts.clock`, never below the last persisted instant. */
  readonly clock: Clock;
  readonly services: Map<ServiceKey, Service>;
  readonly queue: KeyQueue;
  readonly lane: RollbackLane;
  /** The view of the service may have changed. */
  readonly changed: (key: ServiceKey) => void;
}
