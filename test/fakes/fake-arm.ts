import type { Clock } from '../../src/engine/ports.ts';
import type { ArmObservation } from '../../src/rollout/observation.ts';
import type { RollParameters } from '../../src/rollout/plan.ts';

/** How the replicas of a revision behave. */
export interface WorkloadBehaviour {
  /** From made to ready; Infinity: never. */
  readonly startMs: number;
  /** What the workload says of it, such as a command that is missing; null: nothing. */
  readonly failure: string | null;
}

interface Replica {
  readonly revision: string;
  /** Ready from here on. */
  readyAtMs: number;
}

export interface FakeArmOptions {
  readonly clock: Clock;
  readonly behaviourOf: (revision: string) => WorkloadBehaviour;
  readonly onChange: () => void;
}

/** One arm's replicas in virtual time: made, ready after a while, rolled by surge and unavailable like a Deployment's. */
export class FakeArm {
  revision: string | null = null;
  replicas = 0;
  floor = 0;
  restarts = 0;
  inFlight = 0;
  #roll: RollParameters = { kind: 'rolling', maxSurge: 1, maxUnavailable: 0, minReadySeconds: 0 };
  #pods: Replica[] = [];
  #cancel: () => void = () => undefined;
  readonly #options: FakeArmOptions;

  constructor(options: FakeArmOptions) {
    this.#options = options;
  }

  set(revision: string, replicas: number, roll: RollParameters): void {
    if (this.revision !== revision) this.restarts = 0;
    this.revision = revision;
    this.replicas = replicas;
    this.#roll = roll;
    this.#converge();
  }

  /** Somebody scales the arm in; never below the floor. */
  scaleIn(replicas: number): void {
    this.replicas = Math.min(this.replicas, Math.max(replicas, this.floor));
    this.#converge();
  }

  /** Some replicas crash and start again. */
  crash(count: number): void {
    const nowMs = this.#options.clock.nowMs();
    for (const pod of this.#pods.slice(0, count)) {
      pod.readyAtMs = nowMs + this.#options.behaviourOf(pod.revision).startMs;
      this.restarts += 1;
    }
    this.#converge();
  }

  /** Not ready for a while, without a crash. */
  flap(count: number, forMs: number): void {
    const nowMs = this.#options.clock.nowMs();
    for (const pod of this.#pods.slice(0, count)) pod.readyAtMs = nowMs + forMs;
    this.#converge();
  }

  /** Replicas that would never have become ready start anew. */
  heal(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const pod of this.#pods) {
      if (pod.readyAtMs === Infinity) pod.readyAtMs = nowMs + this.#options.behaviourOf(pod.revision).startMs;
    }
    this.#converge();
  }

  /** The machine went down: nothing runs, and what was set is forgotten. */
  stop(): void {
    this.#pods = [];
    this.revision = null;
    this.replicas = 0;
    this.floor = 0;
    this.restarts = 0;
    this.inFlight = 0;
    this.#cancel();
    this.#options.onChange();
  }

  get readyOfAll(): number {
    const nowMs = this.#options.clock.nowMs();
    return this.#pods.filter((pod) => pod.readyAtMs <= nowMs).length;
  }

  readyOf(revision: string): number {
    const nowMs = this.#options.clock.nowMs();
    return this.#pods.filter((pod) => pod.revision === revision && pod.readyAtMs <= nowMs).length;
  }

  observe(): ArmObservation {
    const { revision } = this;
    const ready = revision === null ? 0 : this.readyOf(revision);
    return {
      revision,
      replicas: this.replicas,
      ready,
      available: this.#pods.filter((pod) => pod.revision === revision && this.#isAvailable(pod)).length,
      readyOfOtherRevisions: this.readyOfAll - ready,
      inFlight: this.inFlight,
      restarts: this.restarts,
      failure: revision === null || this.replicas === 0 ? null : this.#options.behaviourOf(revision).failure,
      floor: this.floor,
    };
  }

  #isAvailable(pod: Replica): boolean {
    return this.#options.clock.nowMs() >= pod.readyAtMs + this.#roll.minReadySeconds * 1_000;
  }

  #converge(): void {
    const { revision, replicas } = this;
    const isOld = (pod: Replica): boolean => pod.revision !== revision;
    if (this.#roll.kind === 'recreate') this.#pods = this.#pods.filter((pod) => !isOld(pod));
    const surge = Math.max(this.#roll.maxSurge, this.#roll.maxUnavailable === 0 ? 1 : 0);
    let surplus = this.#pods.length - replicas;
    if (replicas === 0) this.#pods = [];
    for (let young = this.#pods.filter((pod) => !isOld(pod)).length; young > replicas; young -= 1) {
      this.#pods.splice(
        this.#pods.findLastIndex((pod) => !isOld(pod)),
        1,
      );
    }
    while (this.#pods.some(isOld)) {
      const idle = this.#pods.findIndex((pod) => isOld(pod) && !this.#isAvailable(pod));
      const spare =
        this.#pods.filter((pod) => this.#isAvailable(pod)).length - 1 >= replicas - this.#roll.maxUnavailable;
      if (idle < 0 && !spare) break;
      this.#pods.splice(idle >= 0 ? idle : this.#pods.findIndex(isOld), 1);
    }
    surplus = this.#pods.length - replicas;
    for (
      let young = this.#pods.filter((pod) => !isOld(pod)).length;
      young < replicas && surplus < surge;
      surplus += 1
    ) {
      this.#make();
      young += 1;
    }
    this.#lookLater();
    this.#options.onChange();
  }

  #make(): void {
    if (this.revision === null) return;
    const readyAtMs = this.#options.clock.nowMs() + this.#options.behaviourOf(this.revision).startMs;
    this.#pods.push({ revision: this.revision, readyAtMs });
  }

  #lookLater(): void {
    this.#cancel();
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    let nextMs = Infinity;
    for (const pod of this.#pods) {
      const availableAtMs = pod.readyAtMs + this.#roll.minReadySeconds * 1_000;
      if (pod.readyAtMs > nowMs) nextMs = Math.min(nextMs, pod.readyAtMs);
      else if (availableAtMs > nowMs) nextMs = Math.min(nextMs, availableAtMs);
    }
    this.#cancel = nextMs === Infinity ? () => undefined : clock.at(nextMs, () => this.#converge());
  }
}
