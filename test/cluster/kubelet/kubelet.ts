import { randomUUID } from 'node:crypto';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Clock, Random } from '../../../src/kube/clock.ts';
import { Controller } from '../../../src/kube/controller.ts';
import { Informer } from '../../../src/kube/informer.ts';
import { isKubeError } from '../../../src/kube/kube-error.ts';
import { messageOf } from '../../../src/kube/report.ts';
import { WorkQueue } from '../../../src/kube/work-queue.ts';
import { ContainerProcess } from './container-process.ts';
import { runHandler } from './handler.ts';
import type { ImageTable } from './image-table.ts';
import { NodeKeeper } from './node.ts';
import { AddressPool } from './pod/address-pool.ts';
import type { ContainerHost } from './pod/container-host.ts';
import type { CrashPolicy } from './pod/crash-backoff.ts';
import { type Pod, pods } from './pod/pod.ts';
import { PodFolders, type PodRecord } from './pod-record.ts';
import { type PodSetting, PodWorker } from './pod-worker.ts';

export interface KubeletConfig {
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** For pods and what is remembered of them: another kubelet with the same folder goes on with them. */
  readonly folder: string;
  /** Of this node's pods. */
  readonly podCidr: string;
  readonly images: ImageTable;
  readonly crashPolicy: CrashPolicy;
  readonly volumeRefreshMs: number;
}

export interface KubeletOptions extends KubeletConfig {
  /** Of the API server, as pods reach it. */
  readonly server: URL;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Of all process groups that run now. */
  readonly onProcesses: (groups: readonly number[]) => void;
  readonly log: (line: string) => void;
}

/** One node whose pods are processes of this machine. When it ends, they run on, and its successor takes them over. */
export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #setting: PodSetting;
  readonly #workers = new Map<string, PodWorker>();
  readonly #node: NodeKeeper;
  readonly #informer: Informer<Pod>;
  #groups = '';

  constructor(options: KubeletOptions) {
    const { client, clock, random, log, nodeName } = options;
    this.#options = options;
    this.#setting = {
      ...options,
      addresses: new AddressPool(options.podCidr),
      folders: new PodFolders(options.folder),
      host: machineHost(clock),
      onProcess: () => this.#tellProcesses(),
    };
    this.#node = new NodeKeeper({
      ...options,
      name: nodeName,
      address: options.nodeAddress,
      labels: options.nodeLabels,
    });
    this.#informer = new Informer<Pod>({
      client,
      resource: pods,
      clock,
      random,
      scope: { fieldSelector: `spec.nodeName=${nodeName}` },
      report: ({ where, message }) => log(`${where}: ${message}`),
    });
  }

  /** Until the signal; `onReady` when the node is registered and all of its pods are known. */
  async run(signal: AbortSignal, onReady: () => void): Promise<void> {
    const { clock, log } = this.#options;
    const records = this.#setting.folders.readAll();
    for (const { ip } of records) this.#setting.addresses.adopt(ip);
    for (const record of records) this.#begin(record.pod, record);
    await this.#node.register(signal);
    const informed = this.#informer.run(signal);
    if (!(await this.#informer.whenSynced(signal))) return;
    const known = new Set(this.#informer.lister.list().map(({ metadata }) => metadata.uid));
    for (const worker of this.#workers.values()) if (!known.has(worker.uid)) this.#gone(worker);
    const queue = new WorkQueue(clock);
    this.#informer.feed(queue);
    signal.addEventListener('abort', () => void queue.shutDown({ drain: false }), { once: true });
    const controller = new Controller({
      name: 'kubelet',
      queue,
      clock,
      newId: randomUUID,
      concurrency: 4,
      report: ({ where, message }) => log(`${where}: ${message}`),
      reconcile: async (key) => {
        await this.#sync(key);
        return { kind: 'done' };
      },
    });
    onReady();
    await Promise.all([informed, this.#node.run(signal), controller.run(signal)]);
  }

  async #sync(key: string): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const pod = this.#informer.lister.get({ namespace, name });
    for (const worker of this.#workers.values()) {
      if (worker.key === key && worker.uid !== pod?.metadata.uid) this.#gone(worker);
    }
    if (pod === undefined) return;
    const worker = this.#workers.get(pod.metadata.uid ?? '');
    if (worker !== undefined) worker.update(pod);
    else if (!isOver(pod)) this.#begin(pod, null);
    else if (pod.metadata.deletionTimestamp !== undefined) await this.#remove(pod);
  }

  #begin(pod: Pod, before: PodRecord | null): void {
    const worker = new PodWorker(pod, before, this.#setting);
    this.#workers.set(worker.uid, worker);
    worker.update(pod);
    void worker.run().then(() => this.#forget(worker));
  }

  #gone(worker: PodWorker): void {
    worker.gone();
    this.#forget(worker);
  }

  /** Until it is gone from the API it is kept, also with nothing left of it: finalizers may hold the pod, which must not start anew. */
  #forget(worker: PodWorker): void {
    if (worker.forgotten) this.#workers.delete(worker.uid);
    this.#tellProcesses();
  }

  async #remove({ metadata }: Pod): Promise<void> {
    const { namespace = '', name, uid = '' } = metadata;
    try {
      const options = { gracePeriodSeconds: 0, preconditions: { uid } };
      await this.#options.client.remove(pods, { namespace, name }, options);
    } catch (thrown) {
      if (!isKubeError(thrown, 'NotFound', 'Conflict')) throw thrown;
      this.#options.log(`${name}: ${messageOf(thrown)}`);
    }
  }

  #tellProcesses(): void {
    const groups = [...this.#workers.values()].flatMap(({ processGroups }) => processGroups);
    const text = groups.join(' ');
    if (text === this.#groups) return;
    this.#groups = text;
    this.#options.onProcesses(groups);
  }
}

function machineHost(clock: Clock): ContainerHost {
  return {
    start: (command) => ContainerProcess.start(command),
    adopt: (where, identity) => ContainerProcess.adopt(where, identity, clock),
    handle: (handler, target, signal) => runHandler(handler, target, clock, signal),
  };
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
