import { toSluiceError } from '../lib/error.ts';
import type { Actor } from '../rollout/state.ts';
import type { Plan } from '../rollout/plan.ts';
import { backoffMs } from './backoff.ts';
import { bounded } from './bounded.ts';
import { aheadOf } from './clock.ts';
import type { Commands } from './commands.ts';
import { defaultOptions, type EngineContext, type EngineOptions, type EngineParts } from './context.ts';
import { partOf } from './effect-runner.ts';
import { EngineCommands } from './engine-commands.ts';
import { KeyQueue } from './key-queue.ts';
import type { CanaryRecord, RolloutRecord, ServiceKey, Snapshot, StoreSnapshot } from './ports.ts';
import { Reconciler } from './reconciler.ts';
import { RollbackLane } from './rollback-lane.ts';
import { controller, engineEvent } from './rollout-events.ts';
import { activeRollout, newService, noteWrite, putRollout, runningRollout, type Service } from './service.ts';
import { ServiceWriter } from './service-writer.ts';
import { settlingEffects } from './settle.ts';
import { newRollout, planOf, startsByItself } from './start-rollout.ts';

export type { EngineOptions, EngineParts } from './context.ts';

const runBackoff = { baseMs: 250, limitMs: 30_000 };
const lowerBackoff = { baseMs: 20, limitMs: 2_000 };
const writeBackoff = { baseMs: 50, limitMs: 5_000 };
const settleBackoff = { baseMs: 1_000, limitMs: 60_000 };

/** The loop. Made, started once, stopped once; a stopped engine leaves everything running as it is. */
export class Engine {
  readonly commands: Commands;
  readonly #parts: EngineParts;
  readonly #options: EngineOptions;
  readonly #services = new Map<ServiceKey, Service>();
  readonly #listeners = new Set<(key: ServiceKey) => void>();
  #context: EngineContext;
  #reconciler: Reconciler;
  #unwatch: () => void = () => undefined;

  constructor(parts: EngineParts, options: Partial<EngineOptions> = {}) {
    this.#parts = parts;
    this.#options = { ...defaultOptions, ...options };
    this.#context = this.#contextWith(0);
    this.#reconciler = new Reconciler(this.#context);
    this.commands = new EngineCommands({
      context: () => this.#context,
      reconciler: () => this.#reconciler,
      create: (canary) => this.#adopt(canary),
      begin: (service, run) => this.#begin(service, run),
      listeners: this.#listeners,
    });
  }

  /** Loads the store, makes the platform know every service, takes up what runs. Rejects with what the store says. */
  async start(): Promise<void> {
    const snapshot = await this.#parts.store.load();
    const aheadMs = Math.max(0, lastPersistedMs(snapshot) - this.#parts.clock.nowMs());
    this.#context = this.#contextWith(aheadMs);
    this.#reconciler = new Reconciler(this.#context);
    for (const canary of snapshot.canaries) this.#load(canary, snapshot);
    this.#unwatch = this.#parts.platform.watch((key) => {
      const service = this.#services.get(key);
      if (service === undefined) return;
      service.unsettled ||= runningRollout(service) === null;
      this.#context.queue.add(key);
    });
    for (const key of this.#services.keys()) this.#context.queue.add(key);
  }

  /** Ends timers and reads, lets a write under way finish. Changes nothing in the world. */
  async stop(): Promise<void> {
    this.#unwatch();
    this.#context.queue.stop();
    this.#context.lane.stop();
    const writers = [...this.#services.values()].map((service) => service.writer);
    await Promise.allSettled(writers.map((writer) => writer.durable(this.#options.durableLimitMs)));
    for (const writer of writers) writer.stop();
  }

  /** How busy the loop is: an engine of idle services has nothing waiting, running or timed. */
  get load(): { readonly waiting: number; readonly running: number; readonly timers: number } {
    return this.#context.queue.load;
  }

  #contextWith(aheadMs: number): EngineContext {
    const { random, platform, log } = this.#parts;
    const clock = aheadOf(this.#parts.clock, aheadMs);
    const queue = new KeyQueue({
      clock,
      random,
      concurrency: this.#options.concurrency,
      backoff: runBackoff,
      run: (key) => this.#run(key),
      onError: (key, thrown) => log('warn', `${key}: ${toSluiceError(thrown, 'internal').message}`),
    });
    const lane = new RollbackLane({
      platform,
      clock,
      random,
      backoff: lowerBackoff,
      tryLimitMs: this.#options.lowerLimitMs,
      onLowered: (key, identity) =>
        this.#withService(key, (service) => this.#reconciler.lowered(service, identity.uid)),
      onTrouble: (key, thrown) =>
        this.#withService(key, (service) => {
          service.troubles.set(
            'rollback',
            `the weight cannot be written: ${toSluiceError(thrown, 'internal').message}`,
          );
          this.#changed(key);
        }),
    });
    const changed = (key: ServiceKey): void => this.#changed(key);
    return {
      parts: this.#parts,
      options: this.#options,
      clock,
      services: this.#services,
      queue,
      lane,
      changed,
    };
  }

  #changed(key: ServiceKey): void {
    for (const listener of this.#listeners) listener(key);
  }

  #withService(key: ServiceKey, work: (service: Service) => void): void {
    const service = this.#services.get(key);
    if (service !== undefined) work(service);
  }

  #load(canary: CanaryRecord, snapshot: StoreSnapshot): void {
    const service = this.#adopt(canary);
    const rollouts = snapshot.rollouts.filter((rollout) => rollout.key === canary.key);
    service.writer.loaded(canary, rollouts);
    for (const rollout of rollouts.toSorted((a, b) => a.createdAtMs - b.createdAtMs))
      putRollout(service, rollout);
    const run = runningRollout(service);
    if (run === null) return;
    const consumed = new Set(run.state.consumedActions);
    const { name } = run.identity;
    service.actions = snapshot.actions.filter(
      (entry) => entry.rollout === name && !consumed.has(entry.action.id),
    );
    service.answers = snapshot.hookAnswers.filter((entry) => entry.rollout === name);
    service.lastWriteAtMs = this.#context.clock.nowMs();
    this.#reconciler.resume(service);
  }

  #adopt(canary: CanaryRecord): Service {
    const { key } = canary;
    const { clock, queue } = this.#context;
    const writer: ServiceWriter = new ServiceWriter({
      key,
      store: this.#parts.store,
      clock,
      random: this.#parts.random,
      backoff: writeBackoff,
      writeLimitMs: this.#options.writeLimitMs,
      onDurable: () => this.#withService(key, (service) => this.#written(service)),
      onTrouble: (message) =>
        this.#withService(key, (service) => {
          if (message === null) service.troubles.delete('state');
          else service.troubles.set('state', message);
          this.#changed(key);
        }),
      onForeign: (foreign, rollouts) =>
        this.#withService(key, (service) => {
          this.#parts.log('warn', `${key}: somebody else wrote the state; going on with what they wrote`);
          service.canary = foreign ?? service.canary;
          service.finished = null;
          for (const rollout of rollouts) putRollout(service, rollout);
          queue.add(key);
        }),
    });
    const service = newService(canary, writer);
    this.#services.set(key, service);
    return service;
  }

  #written(service: Service): void {
    this.#reconciler.decide(service);
    if (runningRollout(service) === null) this.#context.queue.add(service.key);
  }

  async #run(key: ServiceKey): Promise<void> {
    const service = this.#services.get(key);
    if (service === undefined) return;
    const run = runningRollout(service);
    const stopped = run !== null && service.poisoned === run.identity.uid;
    if (service.canary.deleting && (run === null || stopped)) return this.#remove(service);
    const told = await this.#tell(service);
    if (activeRollout(service) !== null && !stopped) await this.#reconciler.look(service);
    else if (run === null) await this.#rest(service);
    this.#changed(key);
    if (told !== null) throw told;
  }

  /** Makes the platform know the service as it is set now; an error goes to the back-off and holds up no rollout. */
  async #tell(service: Service): Promise<Error | null> {
    const { generation, spec, promoted, target } = service.canary;
    if (service.toldGeneration === generation) return null;
    const { clock } = this.#context;
    const { platform } = this.#parts;
    try {
      await bounded(
        clock,
        this.#options.actLimitMs,
        'setting up the service',
        platform.ensureService(service.key, spec),
      );
      for (const snapshot of [promoted, target]) {
        if (snapshot === null || service.toldSnapshots.has(snapshot.revision)) continue;
        const work = platform.ensureSnapshot(service.key, snapshot);
        await bounded(clock, this.#options.actLimitMs, 'handing over a template', work);
        service.toldSnapshots.add(snapshot.revision);
      }
      service.toldGeneration = generation;
      service.troubles.delete('service');
      return null;
    } catch (thrown) {
      const error = toSluiceError(thrown, 'internal');
      service.troubles.set('service', error.message);
      return error;
    }
  }

  /** A service without a running rollout: starts one, or sees once to it that its arms are as they should be. */
  async #rest(service: Service): Promise<void> {
    // A rollout begins when all that came before it is on disk; what serves is looked after in any case.
    if (startsByItself(service) && !service.writer.busy) {
      const { canary } = service;
      this.#begin(service, { plan: planOf(canary), snapshot: canary.target, createdBy: controller });
      return;
    }
    if (!service.unsettled || service.canary.spec.suspend) return;
    const seen = await this.#reconciler.observe(service);
    const { clock, queue } = this.#context;
    const nowMs = clock.nowMs();
    if (seen === null) return queue.addAt(service.key, nowMs + settleBackoff.baseMs);
    if (runningRollout(service) !== null) return;
    const effects = settlingEffects(service, seen);
    if (effects.length === 0) {
      service.unsettled = false;
      service.settleTries = 0;
      return;
    }
    if (nowMs >= service.settleNotBeforeMs) {
      service.settleTries += 1;
      service.settleNotBeforeMs =
        nowMs + backoffMs(settleBackoff, service.settleTries, this.#parts.random.next());
      for (const effect of effects) {
        noteWrite(service, partOf(effect));
        const work = this.#parts.platform.act(service.key, effect, null);
        await bounded(clock, this.#options.actLimitMs, effect.kind, work);
      }
    }
    queue.addAt(service.key, service.settleNotBeforeMs);
  }

  /** Creates a rollout; from here it is in the loop. */
  #begin(
    service: Service,
    run: { readonly plan: Plan; readonly snapshot: Snapshot; readonly createdBy: Actor },
  ): RolloutRecord {
    const { clock, queue } = this.#context;
    const nowMs = clock.nowMs();
    const record = newRollout(service, {
      ...run,
      uid: this.#parts.random.id(),
      bootId: this.#parts.platform.bootId,
      nowMs,
      isTaken: (name) => this.#isTaken(name),
    });
    const { name, uid, revision } = record.identity;
    service.canary = { ...service.canary, currentRollout: name };
    putRollout(service, record);
    service.verdict = null;
    service.issued.clear();
    service.recordedEffects.clear();
    service.troubles.delete('bug');
    service.lastWriteAtMs = nowMs;
    const event = {
      ...engineEvent(service.key, name, `${uid}/created`, `${name} was created for ${revision}`, nowMs),
      actor: run.createdBy,
    };
    service.writer.queue({ canaries: [service.canary], rollouts: [record], events: [event] });
    queue.add(service.key);
    return record;
  }

  #isTaken(name: string): boolean {
    for (const service of this.#services.values()) {
      if (service.rollouts.some((rollout) => rollout.identity.name === name)) return true;
    }
    return false;
  }

  async #remove(service: Service): Promise<void> {
    const { key, writer } = service;
    const work = this.#parts.platform.removeService(key);
    await bounded(this.#context.clock, this.#options.actLimitMs, 'removing the service', work);
    const nowMs = this.#context.clock.nowMs();
    const event = engineEvent(key, null, `${service.canary.uid}/removed`, `${key} was removed`, nowMs);
    writer.queue({ deletedCanaries: [key], events: [event] });
    await writer.durable(this.#options.durableLimitMs);
    writer.stop();
    this.#services.delete(key);
    this.#context.queue.forget(key);
  }
}

/** The latest instant that anything stored speaks of. */
function lastPersistedMs(snapshot: StoreSnapshot): number {
  let latest = 0;
  for (const { state, createdAtMs } of snapshot.rollouts) {
    latest = Math.max(latest, createdAtMs, state.lastSeenAtMs, state.sinceMs, state.endedAtMs ?? 0);
  }
  for (const { action } of snapshot.actions) latest = Math.max(latest, action.atMs);
  return latest;
}
