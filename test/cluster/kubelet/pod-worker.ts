import type { KubeClient } from '../../../src/kube/client.ts';
import { type Clock, sleep } from '../../../src/kube/clock.ts';
import { isKubeError } from '../../../src/kube/kube-error.ts';
import { timeOf } from '../../../src/kube/micro-time.ts';
import { keyOf } from '../../../src/kube/object.ts';
import { messageOf } from '../../../src/kube/report.ts';
import { ContainerSetup } from './container-setup.ts';
import type { ImageTable } from './image-table.ts';
import { aborted } from './pod/aborted.ts';
import type { AddressPool } from './pod/address-pool.ts';
import type { ContainerHost } from './pod/container-host.ts';
import { ContainerRunner } from './pod/container-runner.ts';
import type { CrashPolicy } from './pod/crash-backoff.ts';
import { type Container, isSidecar, type Pod, type PodPlace, pods, type PodStatus } from './pod/pod.ts';
import { statusOf } from './pod/status.ts';
import type { PodFolders, PodRecord } from './pod-record.ts';
import { StatusWriter } from './status-writer.ts';

export interface PodSetting {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly host: ContainerHost;
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly images: ImageTable;
  /** Of the API server, as pods reach it. */
  readonly server: URL;
  readonly crashPolicy: CrashPolicy;
  /** ConfigMaps and Secrets of volumes are read again after so long. */
  readonly volumeRefreshMs: number;
  readonly addresses: AddressPool;
  readonly folders: PodFolders;
  readonly onProcess: () => void;
  readonly log: (line: string) => void;
}

const retryMs = 500;
/** Of a pod that is gone from the API already: nobody waits for it. */
const goneGraceMs = 1000;
const sidecarPollMs = 50;

/** One pod on this node, from its binding until nothing is left of it. */
export class PodWorker {
  readonly uid: string;
  readonly #setting: PodSetting;
  readonly #setup: ContainerSetup;
  readonly #place: PodPlace;
  readonly #startTime: string;
  readonly #init: readonly ContainerRunner[];
  readonly #main: readonly ContainerRunner[];
  readonly #status: StatusWriter;
  readonly #stopped = new AbortController();
  readonly #over = new AbortController();
  readonly #sidecars: Promise<void>[] = [];
  #pod: Pod;
  /** As it was told last. */
  #last: PodStatus;
  #ended = false;
  #gone = false;
  #removed = false;

  constructor(pod: Pod, before: PodRecord | null, setting: PodSetting) {
    const { addresses, clock, client, images, folders, nodeName, nodeAddress, server } = setting;
    this.uid = pod.metadata.uid ?? '';
    this.#pod = pod;
    this.#last = pod.status ?? {};
    this.#setting = setting;
    const ip = before?.ip ?? addresses.allocate();
    const place = { ip, nodeName, hostIp: nodeAddress };
    this.#place = place;
    this.#startTime = before?.startTime ?? timeOf(clock.wallMs());
    this.#setup = new ContainerSetup({
      client,
      images,
      pod,
      place,
      folder: folders.of(this.uid),
      clock,
      server,
    });
    this.#status = new StatusWriter(client, pod, clock, (line) => this.#log(line));
    const runner = (container: Container): ContainerRunner => this.#runner(container, before);
    this.#init = (pod.spec.initContainers ?? []).map(runner);
    this.#main = pod.spec.containers.map(runner);
  }

  get key(): string {
    return keyOf(this.#pod.metadata);
  }

  /** Nothing is left of it, neither here nor in the API. */
  get forgotten(): boolean {
    return this.#removed && this.#gone;
  }

  /** Groups of processes that run. */
  get processGroups(): readonly number[] {
    return [...this.#init, ...this.#main].flatMap(({ record, observation }) =>
      observation.state.running === undefined || record.identity === null ? [] : [record.identity.pid],
    );
  }

  /** As the API has it now: readiness gates, deletion, a shorter grace. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.#stop((pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000, true);
    }
    this.#changed();
  }

  /** No longer in the API. */
  gone(): void {
    this.#gone = true;
    this.#status.gone();
    this.#stop(goneGraceMs, false);
  }

  async run(): Promise<void> {
    this.#changed();
    const { addresses, folders } = this.#setting;
    await this.#work();
    await this.#stopRunners(this.#graceMs(), true);
    await Promise.all(this.#sidecars);
    this.#ended = true;
    this.#over.abort();
    this.#changed();
    await this.#status.settled();
    await aborted(this.#stopped.signal);
    if (!this.#gone) await this.#remove();
    this.#removed = true;
    folders.remove(this.uid);
    addresses.release(this.#place.ip);
  }

  /** Until all containers have ended for good. */
  async #work(): Promise<void> {
    if (!(await this.#mount())) return;
    void this.#refreshVolumes();
    const containers = this.#pod.spec.initContainers ?? [];
    for (const [index, runner] of this.#init.entries()) {
      const container = containers[index];
      if (container !== undefined && isSidecar(container)) {
        await this.#startSidecar(runner);
      } else {
        await runner.run();
        if (runner.observation.state.terminated?.exitCode !== 0) return;
      }
      if (this.#stopped.signal.aborted) return;
    }
    await Promise.all(this.#main.map((runner) => runner.run()));
  }

  async #startSidecar(runner: ContainerRunner): Promise<void> {
    this.#sidecars.push(runner.run());
    while (!runner.observation.started && !this.#stopped.signal.aborted) {
      await sleep(this.#setting.clock, sidecarPollMs, this.#stopped.signal);
    }
  }

  /** False: stopped before all was there. */
  async #mount(): Promise<boolean> {
    // What an earlier kubelet started has to be ended as it should be, also if its files cannot be read now.
    if (this.processGroups.length > 0) return true;
    while (!this.#stopped.signal.aborted) {
      const missing = await this.#setup.writeVolumes();
      if (missing === null) return true;
      this.#log(missing);
      await sleep(this.#setting.clock, retryMs, this.#stopped.signal);
    }
    return false;
  }

  async #refreshVolumes(): Promise<void> {
    const { clock, volumeRefreshMs } = this.#setting;
    for (;;) {
      await sleep(clock, volumeRefreshMs, this.#over.signal);
      if (this.#over.signal.aborted) return;
      const missing = await this.#setup.writeVolumes();
      if (missing !== null) this.#log(missing);
    }
  }

  #stop(graceMs: number, hook: boolean): void {
    this.#stopped.abort();
    void this.#stopRunners(graceMs, hook);
  }

  /** Sidecars go last. */
  async #stopRunners(graceMs: number, hook: boolean): Promise<void> {
    await Promise.all(this.#main.map((runner) => runner.stop(graceMs, hook)));
    await Promise.all(this.#init.map((runner) => runner.stop(graceMs, hook)));
  }

  #graceMs(): number {
    return (this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  #runner(container: Container, before: PodRecord | null): ContainerRunner {
    const { clock, host, crashPolicy, folders } = this.#setting;
    const { restartPolicy, initContainers = [] } = this.#pod.spec;
    const initial = initContainers.includes(container) && !isSidecar(container);
    const policy = isSidecar(container) ? 'Always' : restartPolicy;
    return new ContainerRunner({
      container,
      restartPolicy: initial && policy !== 'Never' ? 'OnFailure' : policy,
      graceMs: this.#graceMs(),
      crashPolicy,
      retryMs,
      folder: `${folders.of(this.uid)}/runs/${container.name}`,
      clock,
      host,
      before: before?.containers.find(({ observation }) => observation.name === container.name) ?? null,
      prepare: () => this.#setup.prepare(container),
      bareTarget: this.#setup.bareTarget(container),
      onChange: () => this.#changed(),
      log: (line) => this.#log(line),
    });
  }

  /** Remembered first, then told. */
  #changed(): void {
    if (this.#removed) return;
    const { folders, clock, onProcess } = this.#setting;
    folders.write({
      pod: this.#pod,
      ip: this.#place.ip,
      startTime: this.#startTime,
      containers: [...this.#init, ...this.#main].map(({ record }) => record),
    });
    onProcess();
    const seen = {
      place: this.#place,
      init: this.#init.map(({ observation }) => observation),
      main: this.#main.map(({ observation }) => observation),
      startTime: this.#startTime,
      ended: this.#ended,
    };
    this.#last = statusOf(this.#pod, seen, this.#last, timeOf(clock.wallMs()));
    this.#status.set(this.#last);
  }

  /** The last word of a deletion: a pod whose grace is 0 is gone. */
  async #remove(): Promise<void> {
    const { client, clock } = this.#setting;
    const { name, namespace = '' } = this.#pod.metadata;
    const options = { gracePeriodSeconds: 0, preconditions: { uid: this.uid } };
    while (!this.#gone) {
      try {
        await client.remove(pods, { namespace, name }, options);
        return;
      } catch (thrown) {
        if (isKubeError(thrown, 'NotFound', 'Conflict')) return;
        this.#log(`deletion: ${messageOf(thrown)}`);
        await sleep(clock, retryMs);
      }
    }
  }

  #log(line: string): void {
    this.#setting.log(`${this.key}: ${line}`);
  }
}
