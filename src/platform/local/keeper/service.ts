import { join } from 'node:path';
import type { FrontSpec, ProcessTemplate } from '../../../resource/service-spec.ts';
import type { Arm } from '../../../rollout/effect.ts';
import { ArmController, type ArmHost } from './arm-controller.ts';
import { EndpointPublisher, type EndpointWorkers } from './endpoint-publisher.ts';
import { pruneLogs } from './prune-logs.ts';
import type { ArmSpec, ArmStatus } from './protocol.ts';
import type { ServiceState } from './state-file.ts';
import type { LogKeeping } from '../process/log-keeping.ts';

export interface ServiceOptions {
  readonly key: string;
  readonly keeperId: string;
  readonly outerEnv: Readonly<Record<string, string | undefined>>;
  readonly logs: LogKeeping;
  readonly logFolder: string;
  readonly workers: EndpointWorkers;
  readonly portUser: (port: number, self: string) => string | null;
  readonly save: () => void;
  readonly armChanged: (key: string, status: ArmStatus) => void;
}

const arms = ['stable', 'canary'] as const;

/** One service: its two arms, and what the workers are told of them. */
export class Service {
  readonly key: string;
  readonly publisher: EndpointPublisher;
  front: FrontSpec;
  readonly #options: ServiceOptions;
  readonly #logFolder: string;
  readonly #arms: Readonly<Record<Arm, ArmController>>;
  readonly #templates = new Map<string, ProcessTemplate>();
  readonly #told = new Map<Arm, string>();
  #floor = 0;
  #logsInUse = '';
  #settledRevision: string | null = null;
  #held = false;
  #scheduled = false;
  #closed = false;

  constructor(options: ServiceOptions, front: FrontSpec) {
    this.key = options.key;
    this.front = front;
    this.#options = options;
    this.#logFolder = join(options.logFolder, options.key.replaceAll('/', '_'));
    this.publisher = new EndpointPublisher(options.key, options.workers);
    const host: ArmHost = {
      keeperId: options.keeperId,
      outerEnv: options.outerEnv,
      logs: options.logs,
      logFolder: this.#logFolder,
      changed: () => this.changed(),
      drained: (endpointId, limitMs) => this.publisher.drained(endpointId, limitMs),
      portUser: options.portUser,
      endpointInForce: (endpointId) => this.publisher.inForce(endpointId),
    };
    this.#arms = { stable: new ArmController('stable', host), canary: new ArmController('canary', host) };
  }

  setArm(spec: ArmSpec): void {
    this.#templates.set(spec.revision, spec.template);
    const { revision, replicas, roll } = spec;
    this.#arms[spec.arm].set({ revision, replicas, roll }, spec.template);
    this.changed();
  }

  setFloor(replicas: number): void {
    this.#floor = replicas;
    this.#arms.stable.setFloor(replicas);
    this.changed();
  }

  /** While held nothing is started, rolled or ended; what runs is watched. For the time in which workers are replaced. */
  hold(held: boolean): void {
    this.#held = held;
    this.changed();
  }

  /** From the file of an earlier keeper. `fresh`: nothing of it runs any more, so only what was settled is started. */
  restore(state: ServiceState, fresh: boolean): void {
    for (const [revision, template] of Object.entries(state.templates))
      this.#templates.set(revision, template);
    this.#settledRevision = state.settledRevision;
    if (fresh) {
      this.#restoreSettled(state);
      return;
    }
    this.setFloor(state.floor);
    for (const arm of arms) {
      const armState = state.arms[arm];
      const template = armState === null ? undefined : this.#templates.get(armState.revision);
      if (armState !== null && template !== undefined) this.#arms[arm].set(armState, template);
    }
    for (const record of state.replicas) {
      const template = this.#templates.get(record.revision);
      if (template !== undefined) this.#arms[record.arm].adopt(record, template);
    }
    this.changed();
  }

  status(arm: Arm): ArmStatus {
    return this.#arms[arm].status();
  }

  portUser(port: number, self: string): string | null {
    for (const replica of this.#replicas()) {
      if (replica.id === self || replica.port !== port || replica.status().pid === null) continue;
      return `${replica.arm} of ${this.key}`;
    }
    return null;
  }

  /** Something changed: look once more, soon and once for many changes of one turn. */
  changed(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#closed) this.#look();
    });
  }

  /** Ends both arms; resolves when nothing is left of them. */
  async stop(): Promise<void> {
    await Promise.all(arms.map((arm) => this.#arms[arm].stop()));
    this.#closed = true;
  }

  state(pinnedPorts: Readonly<Record<Arm, number>>): ServiceState {
    const records = this.#replicas().map((replica) => replica.record());
    const used = new Set([
      ...records.map((record) => record.revision),
      ...arms.flatMap((arm) => this.#arms[arm].state?.revision ?? []),
      ...(this.#settledRevision === null ? [] : [this.#settledRevision]),
    ]);
    return {
      key: this.key,
      front: this.front,
      pinnedPorts,
      floor: this.#floor,
      settledRevision: this.#settledRevision,
      arms: { stable: this.#arms.stable.state, canary: this.#arms.canary.state },
      templates: Object.fromEntries([...this.#templates].filter(([revision]) => used.has(revision))),
      replicas: records,
    };
  }

  #restoreSettled(state: ServiceState): void {
    const { stable } = state.arms;
    const revision = state.settledRevision ?? stable?.revision;
    const template = revision === undefined ? undefined : this.#templates.get(revision);
    if (stable === null || revision === undefined || template === undefined) return;
    const replicas = Math.max(stable.replicas, state.floor);
    this.#arms.stable.set({ ...stable, revision, replicas }, template);
    this.changed();
  }

  #look(): void {
    if (!this.#held) for (const arm of arms) this.#arms[arm].reconcile();
    this.publisher.publish(arms.flatMap((arm) => this.#arms[arm].endpoints()));
    this.#noteSettled();
    for (const arm of arms) {
      const status = this.#arms[arm].status();
      const text = JSON.stringify(status);
      if (text === this.#told.get(arm)) continue;
      this.#told.set(arm, text);
      this.#options.armChanged(this.key, status);
    }
    this.#pruneLogs();
    this.#options.save();
  }

  #pruneLogs(): void {
    const inUse = new Set(this.#replicas().map((replica) => replica.status().log));
    const text = [...inUse].join('\n');
    if (text === this.#logsInUse) return;
    this.#logsInUse = text;
    pruneLogs(this.#logFolder, inUse);
  }

  #noteSettled(): void {
    const stable = this.#arms.stable.status();
    const canary = this.#arms.canary.status();
    if (stable.revision === null || stable.replicas === 0 || canary.replicas > 0) return;
    if (stable.available < Math.max(stable.replicas, stable.floor) || stable.readyOfOtherRevisions > 0)
      return;
    this.#settledRevision = stable.revision;
  }

  #replicas(): ArmController['replicas'] {
    return arms.flatMap((arm) => this.#arms[arm].replicas);
  }
}
