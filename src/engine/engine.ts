import type { Judge, JudgePlan, JudgeState } from '../analysis/judge.ts';
import { SluiceError } from '../lib/error.ts';
import type { DecideInput, Decision } from '../rollout/decide.ts';
import type { Commands } from './commands.ts';
import type {
  Clock,
  HookCaller,
  MetricSource,
  Notifier,
  Platform,
  Random,
  Recorder,
  Store,
} from './ports.ts';

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

/** The loop. Made, started once, stopped once; a stopped engine leaves everything running as it is. */
export class Engine {
  readonly commands: Commands;

  constructor(parts: EngineParts) {
    void parts;
    throw new SluiceError({ code: 'unsupported', message: 'not written yet' });
  }

  /** Loads the store, makes the platform know every service, takes up what runs. Rejects with what the store says. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Ends timers and reads, lets a write under way finish. Changes nothing in the world. */
  stop(): Promise<void> {
    return Promise.resolve();
  }
}
