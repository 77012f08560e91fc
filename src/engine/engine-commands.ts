import { canonicalJson } from '../lib/canonical-json.ts';
import { SluiceError } from '../lib/error.ts';
import type { ActionOutcome } from '../rollout/decide.ts';
import type { Action } from '../rollout/observation.ts';
import type { Plan } from '../rollout/plan.ts';
import type { Actor } from '../rollout/state.ts';
import { bounded } from './bounded.ts';
import type {
  ActCommand,
  ActResult,
  AppliedService,
  ApplyResult,
  Commands,
  DeployResult,
  HistoryView,
  ServiceView,
} from './commands.ts';
import { notFound } from './commands.ts';
import type { EngineContext } from './context.ts';
import type {
  CanaryRecord,
  EventQuery,
  RecordedEvent,
  RecordEvent,
  RolloutRecord,
  ServiceKey,
  Snapshot,
} from './ports.ts';
import type { Reconciler } from './reconciler.ts';
import { currentRollout, runningRollout, type Service } from './service.ts';
import { failedRevision, planOf } from './start-rollout.ts';

export interface EngineCommandsOptions {
  /** Functions, since both are made anew when the engine starts. */
  readonly context: () => EngineContext;
  readonly reconciler: () => Reconciler;
  readonly create: (canary: CanaryRecord) => Service;
  readonly begin: (
    service: Service,
    run: { readonly plan: Plan; readonly snapshot: Snapshot; readonly createdBy: Actor },
  ) => RolloutRecord;
  readonly listeners: Set<(key: ServiceKey) => void>;
}

/** The commands on a running engine. */
export class EngineCommands implements Commands {
  readonly #options: EngineCommandsOptions;

  constructor(options: EngineCommandsOptions) {
    this.#options = options;
  }

  async apply(services: readonly AppliedService[], actor: Actor): Promise<readonly ApplyResult[]> {
    const results: ApplyResult[] = [];
    for (const applied of services) results.push(await this.#apply(applied, actor));
    return results;
  }

  async deleteService(key: ServiceKey, actor: Actor): Promise<void> {
    const service = this.#service(key);
    if (service.canary.deleting) return;
    await this.#change(service, { deleting: true }, actor, `${key} is to be deleted`);
  }

  async enable(key: ServiceKey, actor: Actor): Promise<void> {
    const service = this.#service(key);
    if (!service.canary.disabled) return;
    await this.#change(service, { disabled: false }, actor, `rollouts of ${key} were enabled`);
  }

  async disable(key: ServiceKey, actor: Actor): Promise<void> {
    const service = this.#service(key);
    if (service.canary.disabled) return;
    const run = runningRollout(service);
    if (run !== null)
      await this.#tellRun(service, run, { kind: 'rollback', reason: 'rollouts were disabled', actor });
    await this.#change(service, { disabled: true }, actor, `rollouts of ${key} were disabled`);
  }

  async deploy(key: ServiceKey, snapshot: Snapshot, actor: Actor): Promise<DeployResult> {
    const service = this.#service(key);
    const { revision } = snapshot;
    const changed = service.canary.target.revision !== revision;
    if (changed) await this.#retarget(service, { target: snapshot }, actor, `${key} is to run ${revision}`);
    return { key, revision, generation: service.canary.generation, changed };
  }

  preview(services: readonly AppliedService[]): readonly Omit<ApplyResult, 'generation'>[] {
    return services.map(({ spec, target, source }) => {
      const key = `${spec.namespace}/${spec.name}`;
      const known = this.#context.services.get(key);
      const isSame = isKnownUnchanged(known, { spec, target, source });
      const outcome = known === undefined ? 'created' : isSame ? 'unchanged' : 'changed';
      return { key, outcome, revision: target.revision };
    });
  }

  async act(command: ActCommand): Promise<ActResult> {
    const service = this.#serviceOf(command);
    const run = runningRollout(service);
    if (run !== null) {
      if (command.kind === 'rollback' && isWayBack(service, run))
        throw refused(`${run.identity.name} goes back already; deploy what is to run instead`);
      const action = await this.#tellRun(service, run, command);
      return { key: service.key, rollout: run.identity.name, action };
    }
    const next = command.kind === 'retry' ? this.#retry(service, command) : this.#goBack(service, command);
    await this.#durable(service);
    return { key: service.key, rollout: next.identity.name, action: null };
  }

  list(): readonly ServiceView[] {
    return [...this.#context.services.values()].map(viewOf);
  }

  get(key: ServiceKey): ServiceView {
    return viewOf(this.#service(key));
  }

  rollout(name: string): RolloutRecord | undefined {
    for (const service of this.#context.services.values()) {
      const found = service.rollouts.find((rollout) => rollout.identity.name === name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async history(key: ServiceKey, limit: number): Promise<HistoryView> {
    const recorded = await this.#context.parts.recorder.rollouts(key, limit);
    const kept = this.#context.services.get(key)?.rollouts ?? [];
    if (recorded.length === 0 && kept.length === 0 && !this.#context.services.has(key))
      throw notFound(`service ${key}`);
    const byName = new Map([...recorded, ...kept].map((rollout) => [rollout.identity.name, rollout]));
    const rollouts = [...byName.values()].toSorted((a, b) => b.createdAtMs - a.createdAtMs).slice(0, limit);
    return { key, rollouts };
  }

  events(query: EventQuery): Promise<readonly RecordedEvent[]> {
    return this.#context.parts.recorder.events(query);
  }

  subscribe(listener: (key: ServiceKey) => void): () => void {
    this.#options.listeners.add(listener);
    return () => void this.#options.listeners.delete(listener);
  }

  get #context(): EngineContext {
    return this.#options.context();
  }

  #service(key: ServiceKey): Service {
    const service = this.#context.services.get(key);
    if (service === undefined) throw notFound(`service ${key}`);
    return service;
  }

  #serviceOf({ on }: ActCommand): Service {
    if ('key' in on) return this.#service(on.key);
    const record = this.rollout(on.rollout);
    if (record === undefined) throw notFound(`rollout ${on.rollout}`);
    const service = this.#service(record.key);
    if (service.canary.currentRollout !== on.rollout) {
      throw refused(
        `${on.rollout} has ended, ${service.canary.currentRollout ?? 'no rollout'} came after it`,
      );
    }
    return service;
  }

  async #apply({ spec, target, source }: AppliedService, actor: Actor): Promise<ApplyResult> {
    const key = `${spec.namespace}/${spec.name}`;
    const { parts, options, clock, services } = this.#context;
    const known = services.get(key);
    const isSame = isKnownUnchanged(known, { spec, target, source });
    const resultOf = (outcome: ApplyResult['outcome'], generation: number): ApplyResult => ({
      key,
      outcome,
      revision: target.revision,
      generation,
    });
    if (known !== undefined && isSame) return resultOf('unchanged', known.canary.generation);
    if (known?.canary.deleting === true)
      throw refused(`${key} is being deleted; apply it again when it is gone`);
    // What the platform cannot have (a port that is taken) is refused before anything is stored.
    await bounded(
      clock,
      options.actLimitMs,
      'setting up the service',
      parts.platform.ensureService(key, spec),
    );
    if (known !== undefined) {
      await this.#retarget(known, { spec, target, source }, actor, `${key} was changed`);
      return resultOf('changed', known.canary.generation);
    }
    const canary = newCanary(key, parts.random.id(), { spec, target, source });
    const service = this.#options.create(canary);
    await this.#change(service, {}, actor, `${key} was created`);
    return resultOf('created', canary.generation);
  }

  /** A change of what the target asks for. On `flagger.app` reverting and applying a failed revision again is a retry. */
  async #retarget(
    service: Service,
    patch: Partial<CanaryRecord>,
    actor: Actor,
    message: string,
  ): Promise<void> {
    const before = service.canary.target.revision;
    const after = patch.target?.revision ?? before;
    const isReapplied = before !== after && failedRevision(service) === after;
    if (isReapplied && (patch.spec ?? service.canary.spec).flavour === 'flagger') {
      this.#note(service, patch, actor, message);
      this.#options.begin(service, {
        plan: planOf(service.canary),
        snapshot: service.canary.target,
        createdBy: actor,
      });
      return this.#durable(service);
    }
    return this.#change(service, patch, actor, message);
  }

  async #change(
    service: Service,
    patch: Partial<CanaryRecord>,
    actor: Actor,
    message: string,
  ): Promise<void> {
    this.#note(service, patch, actor, message);
    // A change midway may be the order to go back (another revision, a deletion): that waits for no disk.
    this.#options.reconciler().tryRollback(service);
    this.#context.queue.add(service.key);
    await this.#durable(service);
  }

  #note(service: Service, patch: Partial<CanaryRecord>, actor: Actor, message: string): void {
    service.canary = { ...service.canary, ...patch, generation: service.canary.generation + 1 };
    service.unsettled = true;
    service.settleNotBeforeMs = 0;
    const { uid, generation, target } = service.canary;
    const event: RecordEvent = {
      id: `${uid}/generation/${generation}`,
      atMs: this.#context.clock.nowMs(),
      key: service.key,
      rollout: null,
      kind: 'resource',
      actor,
      message,
      data: { generation, target: target.revision },
    };
    service.writer.queue({ canaries: [service.canary], events: [event] });
    this.#context.changed(service.key);
  }

  async #durable(service: Service): Promise<void> {
    await service.writer.durable(this.#context.options.durableLimitMs);
  }

  /** Gives a running rollout the action and waits for what the core makes of it. */
  async #tellRun(
    service: Service,
    run: RolloutRecord,
    { kind, reason, actor }: Pick<ActCommand, 'kind' | 'reason' | 'actor'>,
  ): Promise<string> {
    const { parts, clock, queue, options } = this.#context;
    const action: Action = { id: parts.random.id(), kind, actor, reason, atMs: clock.nowMs() };
    const rollout = run.identity.name;
    const outcome = new Promise<ActionOutcome>((resolve) => service.outcomes.set(action.id, resolve));
    service.actions = [...service.actions, { rollout, action }];
    service.writer.queue({
      actions: [{ rollout, action }],
      events: [actionEvent(service.key, rollout, action)],
    });
    this.#options.reconciler().tryRollback(service);
    queue.add(service.key);
    try {
      const { accepted, message } = await bounded(clock, options.durableLimitMs, `the ${kind}`, outcome);
      if (!accepted) throw refused(message);
      if (kind !== 'rollback') await this.#durable(service);
    } finally {
      service.outcomes.delete(action.id);
    }
    return action.id;
  }

  #retry(service: Service, { actor }: ActCommand): RolloutRecord {
    const { canary } = service;
    const { revision } = canary.target;
    if (failedRevision(service) !== revision)
      throw refused(`no rollout of ${revision} failed, so there is none to retry`);
    if (canary.promoted?.revision === revision) throw refused(`${revision} serves already`);
    if (canary.spec.suspend) throw refused(`${service.key} is suspended`);
    return this.#options.begin(service, { plan: planOf(canary), snapshot: canary.target, createdBy: actor });
  }

  /** The way back after a promotion: a fast rollout of what served before. */
  #goBack(service: Service, { kind, actor }: ActCommand): RolloutRecord {
    const { canary, key } = service;
    const last = currentRollout(service);
    const { previous } = canary;
    if (kind !== 'rollback' || last === null) throw refused(`no rollout of ${key} runs`);
    if (last.state.name !== 'Promoted')
      throw refused(`${last.identity.name} did not promote anything to go back from`);
    if (previous === null) throw refused(`nothing served before ${canary.promoted?.label ?? 'it'}`);
    const plan = planOf(canary);
    // Who asks twice in a hurry must not get the version back that was bad.
    if (last.plan.skipAnalysis && !plan.skipAnalysis)
      throw refused(`${last.identity.name} went back already; deploy what is to run instead`);
    this.#note(service, { target: previous }, actor, `${key} is to go back to ${previous.revision}`);
    return this.#options.begin(service, {
      plan: { ...plan, skipAnalysis: true },
      snapshot: previous,
      createdBy: actor,
    });
  }
}

/** The fast rollout of what served before, on its way: to take it back would bring the version again that somebody is fleeing. */
function isWayBack({ canary }: Service, run: RolloutRecord): boolean {
  const returns = run.plan.skipAnalysis && !planOf(canary).skipAnalysis;
  return returns && run.identity.revision === canary.previous?.revision && run.state.decidedAtMs === null;
}

function refused(message: string): SluiceError {
  return new SluiceError({ code: 'action-refused', message });
}

function viewOf(service: Service): ServiceView {
  const rollout = currentRollout(service);
  return {
    canary: service.canary,
    rollout,
    verdict: service.verdict,
    checks: service.verdict?.checks ?? rollout?.checks ?? [],
    observation: service.observation,
    observedAtMs: service.observedAtMs,
    troubles: [...service.troubles.values()],
  };
}

function isKnownUnchanged(known: Service | undefined, applied: AppliedService): boolean {
  return known !== undefined && !known.canary.deleting && isUnchanged(known.canary, applied);
}

function isUnchanged(canary: CanaryRecord, applied: AppliedService): boolean {
  if (canary.target.revision !== applied.target.revision) return false;
  return canonicalJson([canary.spec, canary.source]) === canonicalJson([applied.spec, applied.source]);
}

function newCanary(key: ServiceKey, uid: string, { spec, target, source }: AppliedService): CanaryRecord {
  return {
    key,
    uid,
    generation: 0,
    source,
    spec,
    target,
    promoted: null,
    previous: null,
    disabled: false,
    deleting: false,
    currentRollout: null,
    version: 0,
  };
}

function actionEvent(key: ServiceKey, rollout: string, action: Action): RecordEvent {
  return {
    id: action.id,
    atMs: action.atMs,
    key,
    rollout,
    kind: 'action',
    actor: action.actor,
    message: action.reason === '' ? action.kind : `${action.kind}: ${action.reason}`,
    data: { kind: action.kind, reason: action.reason },
  };
}
