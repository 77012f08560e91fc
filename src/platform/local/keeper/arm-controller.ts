import type { ProcessTemplate } from '../../../resource/service-spec.ts';
import type { Arm } from '../../../rollout/effect.ts';
import type { Endpoint } from '../proxy/messages.ts';
import { isAlive } from '../process/identity.ts';
import { Replica, type ReplicaHost } from '../process/replica.ts';
import type { ReplicaRecord } from '../process/replica-record.ts';
import { planArm, type ReplicaView } from './arm-plan.ts';
import type { ArmStatus } from './protocol.ts';
import type { ArmState } from './state-file.ts';

export interface ArmHost extends ReplicaHost {
  /** Every worker holds the endpoint in its present state. */
  endpointInForce(endpointId: string): boolean;
}

/** Makes one arm what it is to be: a Deployment with its ReplicaSets in small. */
export class ArmController {
  readonly arm: Arm;
  readonly #host: ArmHost;
  #state: ArmState | null = null;
  #template: ProcessTemplate | null = null;
  #floor = 0;
  /** Crashes of replicas that are gone, since the arm was set to its revision. */
  #restartsOfGone = 0;
  #replicas: readonly Replica[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(arm: Arm, host: ArmHost) {
    this.arm = arm;
    this.#host = host;
  }

  get state(): ArmState | null {
    return this.#state;
  }

  get replicas(): readonly Replica[] {
    return this.#replicas;
  }

  set(state: ArmState, template: ProcessTemplate): void {
    if (state.revision !== this.#state?.revision) this.#restartsOfGone = 0;
    this.#state = state;
    this.#template = template;
  }

  setFloor(replicas: number): void {
    this.#floor = replicas;
  }

  /** Takes over what an earlier keeper started. One that is gone is replaced by the next reconcile. */
  adopt(record: ReplicaRecord, template: ProcessTemplate): void {
    if (record.identity === null || !isAlive(record.identity)) return;
    const replica = new Replica(this.arm, record.revision, template, this.#host, record);
    this.#replicas = [...this.#replicas, replica];
    replica.adopt(record.identity, record.ready);
    if (record.stopping) void replica.stop();
  }

  /** Starts and ends what the arm needs now. Called whenever anything changed. */
  reconcile(): void {
    this.#forgetGone();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const state = this.#state;
    const template = this.#template;
    if (state === null || template === null) return;
    const plan = planArm({
      replicas: this.#wantedReplicas(state),
      roll: state.roll,
      fixedPort: template.port !== null,
      list: this.#replicas.map((replica) => this.#view(replica, state)),
    });
    for (const id of plan.stop) void this.#replicas.find((replica) => replica.id === id)?.stop();
    for (let count = 0; count < plan.start; count += 1) {
      const replica = new Replica(this.arm, state.revision, template, this.#host, null);
      this.#replicas = [...this.#replicas, replica];
      replica.start();
    }
    this.#wakeWhenAvailable(state);
  }

  endpoints(): readonly Endpoint[] {
    return this.#replicas.flatMap((replica) => replica.endpoint() ?? []);
  }

  /** Ends all; resolves when nothing is left. */
  async stop(): Promise<void> {
    this.#state = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.all(this.#replicas.map((replica) => replica.stop()));
    this.#forgetGone();
  }

  status(): ArmStatus {
    const state = this.#state;
    const wanted = this.#replicas.filter((replica) => replica.revision === state?.revision);
    const list = this.#replicas.map((replica) => replica.status());
    const ready = list.filter((replica) => replica.ready);
    const ofWanted = list.filter((replica) => replica.revision === state?.revision);
    return {
      arm: this.arm,
      revision: state?.revision ?? null,
      replicas: state?.replicas ?? 0,
      floor: this.#floor,
      ready: ready.filter((replica) => replica.revision === state?.revision).length,
      available: state === null ? 0 : wanted.filter((replica) => this.#isAvailable(replica, state)).length,
      readyOfOtherRevisions: ready.filter((replica) => replica.revision !== state?.revision).length,
      restarts: this.#restartsOfGone + ofWanted.reduce((sum, replica) => sum + replica.restarts, 0),
      failure: ofWanted.find((replica) => replica.failure !== null)?.failure ?? null,
      list,
    };
  }

  #wantedReplicas(state: ArmState): number {
    return Math.max(state.replicas, this.#floor);
  }

  #view(replica: Replica, state: ArmState): ReplicaView {
    return {
      id: replica.id,
      wanted: replica.revision === state.revision,
      available: this.#isAvailable(replica, state),
      stopping: replica.stopping,
    };
  }

  #isAvailable(replica: Replica, state: ArmState): boolean {
    const readyForMs = replica.readyForMs();
    const endpoint = replica.endpoint();
    if (readyForMs === null || endpoint === null || endpoint.state !== 'ready') return false;
    return readyForMs >= state.roll.minReadySeconds * 1_000 && this.#host.endpointInForce(endpoint.id);
  }

  /** Nothing happens at the instant at which a replica has been ready for long enough, so a timer must look. */
  #wakeWhenAvailable(state: ArmState): void {
    const minReadyMs = state.roll.minReadySeconds * 1_000;
    const rest = this.#replicas.flatMap((replica) => {
      const readyForMs = replica.readyForMs();
      return readyForMs === null || readyForMs >= minReadyMs ? [] : [minReadyMs - readyForMs];
    });
    if (rest.length > 0)
      this.#timer = setTimeout(() => this.#host.changed(), Math.ceil(Math.min(...rest)) + 1);
  }

  #forgetGone(): void {
    for (const replica of this.#replicas) {
      if (replica.gone && replica.revision === this.#state?.revision)
        this.#restartsOfGone += replica.status().restarts;
    }
    this.#replicas = this.#replicas.filter((replica) => !replica.gone);
  }
}
