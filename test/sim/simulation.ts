import { SluiceError } from '../../src/lib/error.ts';
import { AssertionFailure } from '../../src/lib/assert.ts';
import { Engine, type EngineOptions } from '../../src/engine/engine.ts';
import type { AppliedService, ServiceView } from '../../src/engine/commands.ts';
import type { Snapshot } from '../../src/engine/ports.ts';
import type { DecideInput, Decision } from '../../src/rollout/decide.ts';
import { decide } from '../../src/rollout/decide.ts';
import type { ActionKind } from '../../src/rollout/observation.ts';
import { exampleSpec } from '../fakes/examples.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { settled } from '../fakes/virtual-clock.ts';
import { World } from '../fakes/world.ts';
import { Checker } from './checker.ts';
import type { Coverage } from './coverage.ts';
import { type FaultName, momentFaults, strike, windowFaults } from './faults.ts';
import { type Death, Lifeline, type WriteKind } from './lifeline.ts';
import { randomSpec, secret } from './scenario.ts';
import { connectFaults, healAll } from './wiring.ts';

export type Decide = (input: DecideInput) => Decision;

export interface SimulationOptions {
  readonly seed: number;
  readonly coverage: Coverage;
  /** A planted bug; the real one by default. */
  readonly decide?: Decide;
  readonly verbose?: (line: string) => void;
}

/** Looks are rarer than in production so that a seed is soon done; nothing else differs. */
const options: Partial<EngineOptions> = { readEveryMs: 5_000, lookEveryMs: 10_000 };
const faultsFromMs = 15_000;
const faultsUntilMs = 8 * 60_000;
const busyUntilMs = 2 * 60_000;
/** In which a run must have ended once nothing hinders it: its own holds and deadlines are far shorter. */
const livenessMs = 90 * 60_000;
/** Far more than any seed needs. */
const mostEvents = 30_000;
const actor = { kind: 'person', name: 'ada' } as const;

/** One seed: a service, its people, its faults, and an engine that dies and comes back, until all is at rest. */
export class Simulation {
  readonly random: SeededRandom;
  readonly world: World;
  readonly checker: Checker;
  readonly key = 'default/shop';
  readonly faults = new Set<FaultName>();
  wallAheadMs = 0;
  engine: Engine | null = null;
  readonly #options: SimulationOptions;
  readonly #service: AppliedService;
  readonly #on = new Set<FaultName>();
  #lifeline: Lifeline | null = null;
  #revision = 1;
  #boots = 1;
  #areFaultsOver = false;
  #events = 0;
  #hasChanged = true;

  constructor(simulationOptions: SimulationOptions) {
    this.#options = simulationOptions;
    this.random = new SeededRandom(simulationOptions.seed);
    this.world = new World(simulationOptions.seed ^ 0x5eed);
    this.checker = new Checker(this.world, simulationOptions.coverage);
    this.world.platform.witness = this.checker;
    this.#service = { spec: randomSpec(this.random, 'shop'), target: snapshotOf(1), source: [] };
    connectFaults(this);
  }

  isOn(fault: FaultName): boolean {
    return this.#on.has(fault);
  }

  /** Runs to the end and gives what was violated. */
  async run(): Promise<readonly string[]> {
    const { clock } = this.world;
    const startMs = clock.nowMs();
    await this.#boot();
    this.#command(async (engine) => void (await engine.commands.apply([this.#service], actor)));
    this.#planFaults(startMs);
    clock.at(startMs + faultsFromMs, () => this.deployNext());
    clock.at(startMs + faultsUntilMs, () => this.#endFaults());
    await this.#until(startMs + faultsUntilMs, () => false);
    await this.#until(clock.nowMs() + livenessMs, () => this.#isAtRest());
    await this.#until(clock.nowMs() + 60_000, () => false);
    this.checker.ended(this.#views());
    for (const { rollout, verdict, observation } of this.#views()) {
      this.#options.verbose?.(
        JSON.stringify({
          rollout,
          verdict,
          observation,
          service: this.world.platform.services.get(this.key)?.plane.workers,
        }),
      );
    }
    const { coverage } = this.#options;
    coverage.virtualMs += clock.nowMs() - startMs;
    coverage.rollouts += this.world.store.rollouts.size;
    for (const rollout of this.world.store.rollouts.values()) coverage.end(rollout.state.name);
    return this.checker.violations;
  }

  crash(awayMs: number): void {
    this.#downForMs = awayMs;
    this.#lifeline?.kill();
  }

  #downForMs = 1_000;

  stopProcess(forMs: number): void {
    if (this.#lifeline !== null) this.#lifeline.stoppedUntilMs = this.world.clock.nowMs() + forMs;
  }

  nudge(): void {
    this.world.platform.nudge(this.key);
  }

  deployNext(): void {
    this.#revision += 1;
    const snapshot = snapshotOf(this.#revision);
    const isBad = this.random.chance(0.35) || this.isOn('42 both revisions bad');
    if (isBad)
      this.world.metrics.serving.set(snapshot.revision, { errorShare: this.random.pick([0.05, 0.2, 1]) });
    this.#command(async (engine) => void (await engine.commands.deploy(this.key, snapshot, actor)));
  }

  deployBack(): void {
    const promoted = this.#views().find((view) => view.canary.key === this.key)?.canary.promoted;
    if (promoted === null || promoted === undefined) return;
    this.#command(async (engine) => void (await engine.commands.deploy(this.key, promoted, actor)));
  }

  /** It is applied again by whoever looks after things once the faults are over. */
  delete(): void {
    this.#command((engine) => engine.commands.deleteService(this.key, actor));
  }

  click(kind: ActionKind): void {
    this.#command(
      async (engine) => void (await engine.commands.act({ kind, on: { key: this.key }, reason: '', actor })),
    );
  }

  suspendFor(forMs: number): void {
    this.#setSuspend(true);
    this.world.clock.at(this.world.clock.nowMs() + forMs, () => this.#setSuspend(false));
  }

  addPoisoned(): void {
    const service = {
      spec: exampleSpec(this.#service.spec.plan, 'poison'),
      target: snapshotOf(1),
      source: [],
    };
    this.#command(async (engine) => void (await engine.commands.apply([service], actor)));
  }

  reboot(): void {
    this.#boots += 1;
    this.crash(2_000);
    this.world.platform.reboot(`boot-${this.#boots}`);
  }

  #setSuspend(suspend: boolean): void {
    const view = this.#views().find((candidate) => candidate.canary.key === this.key);
    if (view === undefined || view.canary.deleting) return;
    const { spec, target, source } = view.canary;
    this.#command(
      async (engine) =>
        void (await engine.commands.apply([{ spec: { ...spec, suspend }, target, source }], actor)),
    );
  }

  /** People repeat what met no engine or was not taken; a refusal is an answer. */
  #command(work: (engine: Engine) => Promise<void>, tries = 20): void {
    const { clock } = this.world;
    const again = (): void => {
      if (tries > 1) clock.at(clock.nowMs() + 10_000, () => this.#command(work, tries - 1));
    };
    const { engine } = this;
    if (engine === null) return again();
    work(engine).catch((thrown: unknown) => {
      if (!(thrown instanceof SluiceError)) this.checker.violations.push(`command: ${String(thrown)}`);
      else if (thrown.code !== 'action-refused' && thrown.code !== 'not-found') again();
    });
  }

  async #boot(): Promise<void> {
    const { world } = this;
    const lifeline = new Lifeline({ deathAt: (write) => this.#deathAt(write), onDeath: () => this.#died() });
    const parts = lifeline.wrap(world.parts({ decide: (input) => this.#decide(input) }), this.wallAheadMs);
    const engine = new Engine(parts, options);
    this.#lifeline = lifeline;
    try {
      await engine.start();
      if (lifeline.isAlive) this.engine = engine;
      engine.commands.subscribe(() => {
        this.#hasChanged = true;
      });
      this.#say('the engine is up');
    } catch (thrown) {
      this.checker.violations.push(`start: ${String(thrown)}`);
    }
  }

  #died(): void {
    this.engine = null;
    const { clock } = this.world;
    clock.at(clock.nowMs() + this.#downForMs, () => void this.#boot());
    this.#downForMs = 1_000;
    this.#say('the engine died');
  }

  #deathAt(write: WriteKind): Death {
    void write;
    if (this.isOn('1 killed before a write') && this.random.chance(0.08)) return 'before';
    return this.isOn('2 killed after a write, reply lost') && this.random.chance(0.08) ? 'after' : null;
  }

  #decide(input: DecideInput): Decision {
    if (input.identity.name.startsWith('poison'))
      throw new AssertionFailure('must hold: the poison is not taken');
    const decision = (this.#options.decide ?? decide)(input);
    this.#options.coverage.decided(input);
    return decision;
  }

  #planFaults(startMs: number): void {
    const { random } = this;
    const { clock } = this.world;
    // Swarm testing: each seed has its own few faults, so that none hides another for ever.
    const share = random.pick([0, 0.05, 0.1, 0.2]);
    // Most of them while the first run is under way.
    const instant = (): number =>
      startMs + random.between(faultsFromMs, random.chance(0.7) ? busyUntilMs : faultsUntilMs - 60_000);
    for (const fault of windowFaults) {
      if (!random.chance(share)) continue;
      const fromMs = instant();
      const untilMs = Math.min(
        startMs + faultsUntilMs,
        fromMs + random.pick([10_000, 40_000, 120_000, 400_000]),
      );
      clock.at(fromMs, () => this.#turn(fault, true));
      clock.at(untilMs, () => this.#turn(fault, false));
    }
    for (const fault of momentFaults) {
      if (!random.chance(share)) continue;
      for (let times = random.between(1, 2); times > 0; times -= 1)
        clock.at(instant(), () => this.#strike(fault));
    }
  }

  #turn(fault: FaultName, isOn: boolean): void {
    if (isOn) this.#on.add(fault);
    else this.#on.delete(fault);
    if (isOn) this.#options.coverage.fault(fault);
    this.#say(`${fault} ${isOn ? 'begins' : 'ends'}`);
    if (!isOn) healAll(this);
  }

  #strike(fault: (typeof momentFaults)[number]): void {
    this.#options.coverage.fault(fault);
    this.#say(fault);
    strike(this, fault);
  }

  #endFaults(): void {
    this.#areFaultsOver = true;
    this.#on.clear();
    healAll(this);
    this.nudge();
    this.#attend();
  }

  /** Once the faults are over somebody looks after what waits for a person. */
  #attend(): void {
    const { clock, store } = this.world;
    for (const { canary, rollout } of this.#views()) {
      if (canary.spec.suspend) this.#setSuspend(false);
      const name = rollout?.state.name;
      if (name === 'AwaitingApproval') this.#actOn(canary.key, 'approve');
      if (name === 'Paused') this.#actOn(canary.key, 'resume');
    }
    if (this.engine !== null && !store.canaries.has(this.key) && this.#views().length === 0) {
      this.#command(async (engine) => void (await engine.commands.apply([this.#service], actor)), 1);
    }
    clock.at(clock.nowMs() + 20_000, () => this.#attend());
  }

  #actOn(key: string, kind: ActionKind): void {
    this.#command(
      async (engine) => void (await engine.commands.act({ kind, on: { key }, reason: '', actor })),
      1,
    );
  }

  async #until(instantMs: number, isDone: () => boolean): Promise<void> {
    const { clock } = this.world;
    await settled();
    for (let nextMs = clock.nextMs; nextMs !== null && nextMs <= instantMs; nextMs = clock.nextMs) {
      await clock.step();
      this.#options.coverage.events += 1;
      this.#events += 1;
      this.#look();
      if (this.#events > mostEvents) this.checker.violations.push(`N14: ${mostEvents} events and no end`);
      if (isDone() || this.checker.violations.length > 0) return;
    }
  }

  #look(): void {
    this.checker.recorded();
    if (!this.#hasChanged) return;
    this.#hasChanged = false;
    for (const view of this.#views()) if (view.canary.key === this.key) this.checker.looked(view);
  }

  #isAtRest(): boolean {
    const { engine } = this;
    if (engine === null || !this.#areFaultsOver) return false;
    if (this.world.clock.nowMs() <= (this.#lifeline?.stoppedUntilMs ?? 0)) return false;
    const { waiting, running, timers } = engine.load;
    const views = this.#views();
    const isEnded = views.every(({ rollout }) => rollout !== null && rollout.state.endedAtMs !== null);
    return waiting + running + timers === 0 && views.length > 0 && isEnded;
  }

  #views(): readonly ServiceView[] {
    return (this.engine?.commands.list() ?? []).filter((view) => !view.canary.key.endsWith('/poison'));
  }

  #say(line: string): void {
    const view = this.engine?.commands.list().find((candidate) => candidate.canary.key === this.key);
    const state = view?.rollout?.state;
    const where =
      state === undefined
        ? 'down'
        : `${view?.rollout?.identity.name} ${state.name}/${state.phase} ${state.reason}`;
    this.#options.verbose?.(
      `${new Date(this.world.clock.nowMs()).toISOString().slice(11, 23)} ${line} [${where}]`,
    );
  }
}

function snapshotOf(revision: number): Snapshot {
  return { revision: `v${revision}`, template: { env: { TOKEN: secret } }, label: `v${revision}` };
}
