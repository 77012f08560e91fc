import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ComponentProcess } from './component-process.ts';
import type { ClientCertificate, Component, ControlPlane } from './control-plane.ts';
import { flagsOf } from './flags.ts';
import { statusOf } from './https-get.ts';
import { Keys, type User } from './keys.ts';
import { Leash } from './leash.ts';
import { currentNetns } from './network.ts';
import { freePorts } from './ports.ts';
import { type ProgramOptions, programsToRun } from './programs.ts';

export interface StartOptions extends ProgramOptions {
  /** For its files, removed at the end; absent: one below the temporary folder. */
  readonly folder?: string;
  /** Of the API server; absent: a free one. */
  readonly port?: number;
  readonly podCidr?: string;
  readonly serviceCidr?: string;
  /** YAML of an audit policy: the log is then `audit.jsonl` of the folder. */
  readonly auditPolicy?: string;
  /** Of the controller manager; absent: all that workloads need. */
  readonly controllers?: readonly string[];
  /** More flags, after ours. */
  readonly flags?: Partial<Readonly<Record<Component, readonly string[]>>>;
  /** Until all is ready. Seconds on an idle machine; much more beside a build. */
  readonly readyWithinMs?: number;
}

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

/** Starts one of our own; resolves when the API server, the scheduler and the controllers answer. */
export async function startLocal(options: StartOptions = {}): Promise<ControlPlane> {
  const programs = await programsToRun(options);
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'sluice-cluster-'));
  const [etcd = 0, peer = 0, manager = 0, scheduler = 0, free = 0] = await freePorts(5);
  const plane = new LocalControlPlane(options, programs, folder, {
    etcd,
    'etcd-peer': peer,
    'kube-apiserver': options.port ?? free,
    'kube-controller-manager': manager,
    'kube-scheduler': scheduler,
  });
  try {
    await plane.start();
  } catch (error) {
    await plane.stop();
    throw error;
  }
  return plane;
}

type Ports = Readonly<Record<Component | 'etcd-peer', number>>;

class LocalControlPlane implements ControlPlane {
  readonly kubeconfig: string;
  readonly server: string;
  readonly adminToken: string;
  readonly kubectl: string;
  readonly netns = currentNetns();
  readonly etcd: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly owned = true;
  readonly folder: string;
  readonly #keys: Keys;
  readonly #processes: ReadonlyMap<Component, ComponentProcess>;
  readonly #health: Readonly<Record<Exclude<Component, 'etcd'>, string>>;
  readonly #readyWithinMs: number;
  readonly #leash = new Leash();

  constructor(options: StartOptions, programs: string, folder: string, ports: Ports) {
    this.folder = folder;
    this.podCidr = options.podCidr ?? '10.244.0.0/16';
    this.serviceCidr = options.serviceCidr ?? '10.96.0.0/16';
    this.server = `https://127.0.0.1:${ports['kube-apiserver']}`;
    this.etcd = `http://127.0.0.1:${ports.etcd}`;
    this.kubectl = join(programs, 'kubectl');
    const firstService = this.serviceCidr.replace(/\d+\/\d+$/, '1');
    this.#keys = new Keys({
      folder: join(folder, 'keys'),
      server: this.server,
      addresses: ['127.0.0.1', firstService],
    });
    this.adminToken = this.#keys.adminToken;
    this.kubeconfig = this.#keys.kubeconfig({ name: 'admin' });
    this.#processes = this.#prepare(options, programs, ports);
    this.#health = {
      'kube-apiserver': `${this.server}/readyz`,
      'kube-controller-manager': `https://127.0.0.1:${ports['kube-controller-manager']}/healthz`,
      'kube-scheduler': `https://127.0.0.1:${ports['kube-scheduler']}/healthz`,
    };
    this.#readyWithinMs = options.readyWithinMs ?? 90_000;
  }

  #prepare(options: StartOptions, programs: string, ports: Ports): ReadonlyMap<Component, ComponentProcess> {
    const auditPolicyFile = options.auditPolicy === undefined ? null : join(this.folder, 'audit-policy.yaml');
    if (auditPolicyFile !== null) writeFileSync(auditPolicyFile, options.auditPolicy ?? '');
    const given = {
      keys: this.#keys,
      folder: this.folder,
      ports,
      bindAddress: this.netns === null ? '127.0.0.1' : '0.0.0.0',
      podCidr: this.podCidr,
      serviceCidr: this.serviceCidr,
      auditPolicyFile,
      ...(options.controllers === undefined ? {} : { controllers: options.controllers }),
    };
    const logs = join(this.folder, 'logs');
    mkdirSync(logs, { recursive: true });
    return new Map(
      components.map((name) => {
        const command = [join(programs, name), ...flagsOf(name, given), ...(options.flags?.[name] ?? [])];
        return [name, new ComponentProcess(name, command, join(logs, `${name}.log`))];
      }),
    );
  }

  async start(): Promise<void> {
    this.#run('etcd');
    this.#run('kube-apiserver');
    await this.#answers('kube-apiserver');
    this.#run('kube-controller-manager');
    this.#run('kube-scheduler');
    await this.#allReady();
  }

  get caPem(): string {
    return this.#keys.caPem;
  }

  get admin(): ClientCertificate {
    return this.#keys.admin;
  }

  async rotate(): Promise<void> {
    this.#keys.rotate();
    await this.#answers('kube-apiserver');
    // The others read their kubeconfig once.
    for (const component of ['kube-controller-manager', 'kube-scheduler'] as const) {
      await this.kill(component);
      this.#run(component);
    }
    await this.#allReady();
  }

  userKubeconfig(user: User): string {
    return this.#keys.kubeconfig(user);
  }

  pid(component: Component): number | null {
    return this.#process(component).pid;
  }

  async kill(component: Component, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#process(component).kill(signal);
    this.#hold();
  }

  async restart(component: Component): Promise<void> {
    await this.kill(component);
    this.#run(component);
    await this.#allReady();
  }

  async stop(): Promise<void> {
    // Nothing of it is used again: there is nothing to be polite for, and the API server takes five seconds to go by itself.
    await Promise.all([...this.#processes.values()].map((process) => process.kill('SIGKILL')));
    await this.#leash.release();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #process(component: Component): ComponentProcess {
    const found = this.#processes.get(component);
    if (found === undefined) throw new Error(`no ${component}`);
    return found;
  }

  #run(component: Component): void {
    this.#process(component).start();
    this.#hold();
  }

  #hold(): void {
    this.#leash.hold([...this.#processes.values()].map((process) => process.pid));
  }

  async #allReady(): Promise<void> {
    await this.#answers('kube-apiserver');
    await this.#answers('kube-controller-manager');
    await this.#answers('kube-scheduler');
    // Pods are refused until their ServiceAccount exists, which shows that the controllers do their work.
    await this.#until(
      'the ServiceAccount default',
      `${this.server}/api/v1/namespaces/default/serviceaccounts/default`,
    );
  }

  #answers(component: Exclude<Component, 'etcd'>): Promise<void> {
    return this.#until(component, this.#health[component]);
  }

  async #until(what: string, url: string): Promise<void> {
    const deadlineMs = Date.now() + this.#readyWithinMs;
    const tls = { ca: this.caPem, cert: this.admin.certPem, key: this.admin.keyPem };
    let status = await statusOf({ url, ...tls });
    while (status !== 200) {
      for (const process of this.#processes.values()) {
        const failure = process.failure();
        if (failure !== null) throw new Error(failure);
      }
      if (Date.now() > deadlineMs) {
        throw new Error(`${what} is not ready after ${this.#readyWithinMs} ms: ${url} says ${status}`);
      }
      await sleep(50);
      status = await statusOf({ url, ...tls });
    }
  }
}
