import type { KubeClient } from '../../../src/kube/client.ts';
import { type Clock, sleep } from '../../../src/kube/clock.ts';
import { isKubeError } from '../../../src/kube/kube-error.ts';
import { type Pod, pods, type PodStatus } from './pod/pod.ts';

const retryMs = 500;
/** Fields of a merged condition go only when they are told to. */
const unsaid = { reason: null, message: null };

/** Writes the status of one pod: the latest one, one write at a time, again until it succeeds or the pod is gone. */
export class StatusWriter {
  readonly #client: KubeClient;
  readonly #pod: Pod;
  readonly #clock: Clock;
  readonly #log: (line: string) => void;
  readonly #gone = new AbortController();
  #wanted = '';
  #written = '';
  #writing: Promise<void> | null = null;

  constructor(client: KubeClient, pod: Pod, clock: Clock, log: (line: string) => void) {
    this.#client = client;
    this.#pod = pod;
    this.#clock = clock;
    this.#log = log;
  }

  set(status: PodStatus): void {
    this.#wanted = JSON.stringify(status);
    if (this.#wanted !== this.#written) this.#writing ??= this.#write();
  }

  /** Resolves when what was set last is written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** There is no such pod any more. */
  gone(): void {
    this.#gone.abort();
  }

  async #write(): Promise<void> {
    while (this.#written !== this.#wanted && !this.#gone.signal.aborted) await this.#writeOnce(this.#wanted);
    this.#writing = null;
  }

  async #writeOnce(wanted: string): Promise<void> {
    const { name, namespace = '', uid = '' } = this.#pod.metadata;
    // By strategy, conditions merge by type: those of readiness gates have other writers. The uid keeps it off a namesake.
    const status = JSON.parse(wanted) as PodStatus;
    const conditions = (status.conditions ?? []).map((condition) => ({ ...unsaid, ...condition }));
    const body = { metadata: { uid }, status: { ...status, conditions } };
    const patch = { type: 'strategic', body } as const;
    try {
      const options = { fieldManager: 'kubelet', subresource: 'status' } as const;
      await this.#client.patch(pods, { namespace, name }, patch, options);
      this.#written = wanted;
    } catch (thrown) {
      if (isKubeError(thrown, 'NotFound')) this.gone();
      else this.#log(`status: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      await sleep(this.#clock, retryMs, this.#gone.signal);
    }
  }
}
