import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from '../control-plane.ts';
import { eventually } from '../eventually.ts';
import { kubectlJson } from '../kubectl.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { isGroupAlive, signalGroup } from '../../../src/platform/local/process/identity.ts';
import { Leash } from '../leash.ts';
import type { KubeletConfig } from './kubelet.ts';
import type { KubeletMessage } from './kubelet-main.ts';
import { kubeletCrashPolicy } from './pod/crash-backoff.ts';
import { PodFolders } from './pod-record.ts';

export type StartKubeletOptions = Partial<Omit<KubeletConfig, 'folder'>>;

export interface KubeletHandle {
  readonly nodeName: string;
  /** Of its records, volumes and logs of containers: `pods/UID/runs/CONTAINER/0.log`. */
  readonly folder: string;
  readonly pid: number | null;
  /** How it ended by itself, with the end of what it said; null: it did not. */
  failure(): string | null;
  /** Its pods run on. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** `kill`, if it still runs, and another one in its place. */
  restart(): Promise<void>;
  /** With its pods, at once. */
  stop(): Promise<void>;
}

/** Where a pod has an address of its own there can be a kubelet. */
export function whyNoKubelet(plane: ControlPlane): string | null {
  if (!plane.owned) return 'a cluster that was there before has kubelets of its own';
  return plane.netns === null ? 'there is no network namespace in which pods could have addresses' : null;
}

/** How many each has had: every node has a range and an address of its own. */
const kubelets = new WeakMap<ControlPlane, number>();

/** Resolves when pods can be scheduled on the node. Pods and kubelet end with this process, however it ends. */
export async function startKubelet(
  plane: ControlPlane,
  options: StartKubeletOptions = {},
): Promise<KubeletHandle> {
  const why = whyNoKubelet(plane);
  if (why !== null) throw new Error(`no kubelet: ${why}`);
  const { nodeName = 'node-1' } = options;
  const nth = kubelets.get(plane) ?? 0;
  kubelets.set(plane, nth + 1);
  const folder = join(plane.folder, 'kubelets', nodeName);
  mkdirSync(folder, { recursive: true });
  const kubelet = new KubeletProcess(
    plane,
    {
      nodeName,
      nodeAddress: `10.243.0.${nth + 1}`,
      nodeLabels: {},
      podCidr: `${plane.podCidr.split('.').slice(0, 2).join('.')}.${nth * 16}.0/20`,
      images: {},
      crashPolicy: kubeletCrashPolicy,
      volumeRefreshMs: 60_000,
      ...options,
      folder: join(folder, 'pods'),
    },
    folder,
  );
  try {
    await kubelet.start();
    await eventually(async () => {
      const { spec } = await kubectlJson<Node>(plane, ['get', 'node', nodeName]);
      return (spec.taints ?? []).length === 0 ? true : null;
    });
  } catch (error) {
    await kubelet.stop();
    throw error;
  }
  return kubelet;
}

interface Node {
  readonly spec: { readonly taints?: readonly unknown[] };
}

class KubeletProcess implements KubeletHandle {
  readonly nodeName: string;
  readonly folder: string;
  readonly #pods: string;
  readonly #command: readonly string[];
  readonly #leash = new Leash();
  #groups: readonly number[] = [];
  #child: ChildProcess | null = null;
  #wanted = false;
  #gone: Promise<void> = Promise.resolve();

  constructor(plane: ControlPlane, config: KubeletConfig, folder: string) {
    this.nodeName = config.nodeName;
    this.folder = folder;
    this.#pods = config.folder;
    const kubeconfig = plane.userKubeconfig({
      name: `system:node:${config.nodeName}`,
      groups: ['system:nodes'],
    });
    const main = join(import.meta.dirname, 'kubelet-main.ts');
    this.#command = [process.execPath, main, JSON.stringify({ ...config, kubeconfig })];
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  failure(): string | null {
    if (!this.#wanted || this.#child !== null) return null;
    const lines = readFileSync(join(this.folder, 'kubelet.log'), 'utf8').trimEnd().split('\n');
    return `the kubelet ${this.nodeName} ended:\n${lines.slice(-20).join('\n')}`;
  }

  async start(): Promise<void> {
    const [program = '', ...args] = this.#command;
    const log = openSync(join(this.folder, 'kubelet.log'), 'a');
    const child = spawn(program, args, { stdio: ['ignore', log, log, 'ipc'], detached: true });
    closeSync(log);
    this.#child = child;
    this.#wanted = true;
    this.#hold();
    const event = (name: string): Promise<void> =>
      new Promise((resolve) => child.once(name, () => resolve()));
    // What it said last has been read only when the channel is closed.
    const ended = Promise.race([event('error'), Promise.all([event('exit'), event('disconnect')])]);
    this.#gone = ended.then(() => {
      this.#child = null;
    });
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: KubeletMessage) => {
        if (message.kind === 'ready') {
          resolve();
          return;
        }
        this.#groups = message.groups;
        this.#hold();
      });
      void this.#gone.then(() => reject(new Error(this.failure() ?? 'the kubelet was ended')));
    });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#wanted = false;
    this.#child?.kill(signal);
    await this.#gone;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async stop(): Promise<void> {
    // In this order: it would start its pods again.
    await this.kill();
    const records = new PodFolders(this.#pods).readAll();
    const groups = records.flatMap(({ containers }) => containers.flatMap(({ identity }) => identity ?? []));
    for (const group of groups) signalGroup(group, 'SIGKILL');
    while (groups.some(isGroupAlive)) await sleep(10);
    await this.#leash.release();
  }

  #hold(): void {
    this.#leash.hold([this.pid, ...this.#groups.map((group) => -group)]);
  }
}
