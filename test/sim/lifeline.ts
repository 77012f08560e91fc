import type { EngineParts } from '../../src/engine/engine.ts';
import type { Clock } from '../../src/engine/ports.ts';

export type WriteKind = 'store' | 'act' | 'lower' | 'ensure' | 'hook';
/** Where the engine dies at a write: before it is sent, or after it was applied and before the reply. */
export type Death = 'before' | 'after' | null;

export interface LifelineOptions {
  /** Asked at each write: does the engine die here? */
  readonly deathAt: (write: WriteKind) => Death;
  readonly onDeath: () => void;
}

/** Everything one engine process can do to the world goes through here, so that it can be killed or stopped at any point. */
export class Lifeline {
  isAlive = true;
  /** SIGSTOP: no timer and no notice until then. */
  stoppedUntilMs = 0;
  readonly #options: LifelineOptions;

  constructor(options: LifelineOptions) {
    this.#options = options;
  }

  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#options.onDeath();
  }

  /** `aheadMs`: how far the wall clock that this process found is off. */
  wrap(parts: EngineParts, aheadMs: number): EngineParts {
    const { platform, store, hooks, metrics, notifier } = parts;
    return {
      ...parts,
      clock: this.#clock(parts.clock, aheadMs),
      platform: {
        get bootId() {
          return platform.bootId;
        },
        observe: (key) => this.#call(null, () => platform.observe(key)),
        ensureService: (key, spec) => this.#call('ensure', () => platform.ensureService(key, spec)),
        ensureSnapshot: (key, snapshot) => this.#call('ensure', () => platform.ensureSnapshot(key, snapshot)),
        act: (key, effect, identity) => this.#call('act', () => platform.act(key, effect, identity)),
        lowerToZero: (key, identity) => this.#call('lower', () => platform.lowerToZero(key, identity)),
        removeService: (key) => this.#call('ensure', () => platform.removeService(key)),
        watch: (listener) => platform.watch((key) => this.#run(parts.clock, () => listener(key))),
      },
      store: {
        load: () => this.#call(null, () => store.load()),
        write: (write) => this.#call('store', () => store.write(write)),
        close: () => store.close(),
      },
      hooks: { call: (request, signal) => this.#call('hook', () => hooks.call(request, signal)) },
      metrics: {
        read: (key, plan, cursor, nowMs) => this.#call(null, () => metrics.read(key, plan, cursor, nowMs)),
      },
      notifier: {
        notify: (key, effect) => {
          if (this.isAlive) notifier.notify(key, effect);
        },
      },
    };
  }

  #clock(clock: Clock, aheadMs: number): Clock {
    return {
      nowMs: () => clock.nowMs() + aheadMs,
      at: (instantMs, task) => clock.at(instantMs - aheadMs, () => this.#run(clock, task)),
    };
  }

  #run(clock: Clock, task: () => void): void {
    if (!this.isAlive) return;
    if (clock.nowMs() < this.stoppedUntilMs) clock.at(this.stoppedUntilMs, () => this.#run(clock, task));
    else task();
  }

  #call<Value>(write: WriteKind | null, work: () => Promise<Value>): Promise<Value> {
    if (!this.isAlive) return never();
    const death = write === null ? null : this.#options.deathAt(write);
    if (death === 'before') {
      this.kill();
      return never();
    }
    const result = work();
    if (death === 'after') {
      result.catch(() => undefined);
      this.kill();
      return never();
    }
    return new Promise((resolve, reject) => {
      result.then(
        (value) => {
          if (this.isAlive) resolve(value);
        },
        (thrown: unknown) => {
          if (this.isAlive) reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
        },
      );
    });
  }
}

function never<Value>(): Promise<Value> {
  return new Promise(() => undefined);
}
