import {
  type ActCommand,
  type ActResult,
  type Commands,
  notFound,
  type ServiceView,
} from '../../src/engine/commands.ts';
import type { Measurement, RecordedEvent, Recorder, ServiceKey } from '../../src/engine/ports.ts';
import type { Actor } from '../../src/rollout/state.ts';
import { recordNowMs, sampleCanary, sampleObservation, sampleRecord } from './records.ts';

export function sampleServiceOfEngine(): ServiceView {
  return {
    canary: sampleCanary,
    rollout: sampleRecord,
    verdict: null,
    checks: [],
    observation: sampleObservation,
    observedAtMs: recordNowMs,
    troubles: [],
  };
}

/** The command layer over a map of services; keeps what it was asked, in order. */
export class FakeCommands implements Commands {
  readonly asked: string[] = [];
  readonly services = new Map<ServiceKey, ServiceView>([['default/checkout', sampleServiceOfEngine()]]);
  #listeners = new Set<(key: ServiceKey) => void>();

  apply: Commands['apply'] = (services, actor) => {
    this.#note('apply', services.map(({ spec }) => `${spec.namespace}/${spec.name}`).join(','), actor);
    return Promise.resolve(
      services.map(({ spec, target }) => ({
        key: `${spec.namespace}/${spec.name}`,
        outcome: 'created' as const,
        revision: target.revision,
        generation: 1,
      })),
    );
  };

  preview: Commands['preview'] = (services) =>
    services.map(({ spec, target }) => ({
      key: `${spec.namespace}/${spec.name}`,
      outcome: 'created' as const,
      revision: target.revision,
    }));

  deleteService = (key: ServiceKey, actor: Actor): Promise<void> => this.#change('delete', key, actor);
  enable = (key: ServiceKey, actor: Actor): Promise<void> => this.#change('enable', key, actor);
  disable = (key: ServiceKey, actor: Actor): Promise<void> => this.#change('disable', key, actor);

  deploy: Commands['deploy'] = (key, snapshot, actor) => {
    this.#note('deploy', `${key} ${snapshot.revision}`, actor);
    return Promise.resolve({ key, revision: snapshot.revision, generation: 5, changed: true });
  };

  act = (command: ActCommand): Promise<ActResult> => {
    const on = 'key' in command.on ? command.on.key : command.on.rollout;
    this.#note(command.kind, `${on} ${command.reason}`, command.actor);
    const service = 'key' in command.on ? this.get(command.on.key) : sampleServiceOfEngine();
    return Promise.resolve({
      key: service.canary.key,
      rollout: service.canary.currentRollout ?? '',
      action: 'a-1',
    });
  };

  list(): readonly ServiceView[] {
    return [...this.services.values()];
  }

  get(key: ServiceKey): ServiceView {
    const service = this.services.get(key);
    if (service === undefined) throw notFound(`service ${key}`);
    return service;
  }

  rollout: Commands['rollout'] = (name) =>
    this.list()
      .map(({ rollout }) => rollout)
      .find((rollout) => rollout?.identity.name === name) ?? undefined;

  history: Commands['history'] = (key) => {
    const { rollout } = this.get(key);
    return Promise.resolve({ key, rollouts: rollout === null ? [] : [rollout] });
  };

  events: Commands['events'] = () => Promise.resolve([]);

  subscribe(listener: (key: ServiceKey) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replaces a service and tells the subscribers. */
  put(service: ServiceView): void {
    this.services.set(service.canary.key, service);
    this.tell(service.canary.key);
  }

  tell(key: ServiceKey): void {
    for (const listener of this.#listeners) listener(key);
  }

  get subscribers(): number {
    return this.#listeners.size;
  }

  #change(what: string, key: ServiceKey, actor: Actor): Promise<void> {
    this.get(key);
    this.#note(what, key, actor);
    return Promise.resolve();
  }

  #note(what: string, detail: string, actor: Actor): void {
    this.asked.push(`${what} ${detail} by ${actor.kind} ${actor.name}`.replaceAll('  ', ' '));
  }
}

/** A record that only lives in memory. */
export class FakeRecorder implements Pick<Recorder, 'events' | 'measurements' | 'subscribe'> {
  readonly recorded: RecordedEvent[] = [];
  readonly measured: Measurement[] = [];
  #listeners = new Set<(event: RecordedEvent) => void>();

  events: Recorder['events'] = ({ key, afterSequence = 0, limit = 1_000 }) =>
    Promise.resolve(
      this.recorded
        .filter((event) => event.sequence > afterSequence && (key === undefined || event.key === key))
        .slice(0, limit),
    );

  measurements: Recorder['measurements'] = () => Promise.resolve(this.measured);

  subscribe(listener: (event: RecordedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  record(event: RecordedEvent): void {
    this.recorded.push(event);
    for (const listener of this.#listeners) listener(event);
  }
}
