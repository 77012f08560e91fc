import { judgeOf } from '../../src/analysis/judges.ts';
import { Engine, type EngineOptions, type EngineParts } from '../../src/engine/engine.ts';
import { decide } from '../../src/rollout/decide.ts';
import { FakeHooks } from './fake-hooks.ts';
import { FakeMetricSource } from './fake-metric-source.ts';
import { FakeNotifier } from './fake-notifier.ts';
import { FakePlatform } from './fake-platform.ts';
import { MemoryRecorder } from './memory-recorder.ts';
import { MemoryStore } from './memory-store.ts';
import { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Everything around an engine, faked, in virtual time. Survives the engines that are started on it. */
export class World {
  readonly clock = new VirtualClock();
  readonly platform = new FakePlatform(this.clock);
  readonly metrics = new FakeMetricSource(this.clock, this.platform);
  readonly hooks = new FakeHooks(this.clock);
  readonly store = new MemoryStore();
  readonly recorder = new MemoryRecorder(this.store);
  readonly notifier = new FakeNotifier();
  readonly random: SeededRandom;
  readonly log: string[] = [];

  constructor(seed = 1) {
    this.random = new SeededRandom(seed);
  }

  parts(patch: Partial<EngineParts> = {}): EngineParts {
    return {
      platform: this.platform,
      metrics: this.metrics,
      hooks: this.hooks,
      store: this.store,
      recorder: this.recorder,
      notifier: this.notifier,
      clock: this.clock,
      random: this.random,
      judgeOf,
      decide,
      log: (level, message) => this.log.push(`${level} ${message}`),
      ...patch,
    };
  }

  /** A started engine on this world. */
  async engine(patch: Partial<EngineParts> = {}, options: Partial<EngineOptions> = {}): Promise<Engine> {
    const engine = new Engine(this.parts(patch), options);
    await engine.start();
    return engine;
  }
}
