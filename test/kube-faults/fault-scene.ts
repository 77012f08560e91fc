import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { KubeClient } from '../../src/kube/client.ts';
import type { ClusterConfig } from '../../src/kube/config/cluster-config.ts';
import { loadConfig } from '../../src/kube/config/load-config.ts';
import type { Resource } from '../../src/kube/object.ts';
import { createKubeClient, type KubeClientOptions } from '../../src/kube/rest/create-kube-client.ts';
import { JumpingClock } from '../../src/kube/testing/jumping-clock.ts';
import { as, configMaps, namespaces } from '../conformance/kube-cluster.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { FlakyProxy } from '../cluster/flaky-proxy.ts';
import { Churn } from './churn.ts';
import { Witness } from './witness.ts';

/** How a kubeconfig says that its cluster is reached. */
export function configOf(kubeconfig: string): Promise<ClusterConfig> {
  return loadConfig({ env: {}, homeFolder: '/', kubeconfig });
}

/** A namespace, somebody who writes in it, and clients of ours that see the server through a proxy. */
export class FaultScene {
  readonly namespace: string;
  readonly proxy: FlakyProxy;
  /** Of the clients behind the proxy, so that their long waits are short. */
  readonly clock = new JumpingClock();
  readonly churn: Churn;
  #admin: KubeClient;
  readonly #config: ClusterConfig;
  readonly #ends: (() => Promise<void>)[] = [];

  private constructor(namespace: string, proxy: FlakyProxy, admin: KubeClient, config: ClusterConfig) {
    this.namespace = namespace;
    this.proxy = proxy;
    this.#admin = admin;
    this.#config = config;
    this.churn = new Churn(admin, namespace, new SeededRandom(namespace.length));
  }

  /** Straight to the server, in real time. */
  get admin(): KubeClient {
    return this.#admin;
  }

  /** `config`: of somebody who may do everything. */
  static async open(config: ClusterConfig, namespace: string): Promise<FaultScene> {
    const admin = createKubeClient(config);
    const proxy = await FlakyProxy.start(config.server);
    await admin.create(
      namespaces,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      as,
    );
    return new FaultScene(namespace, proxy, admin, config);
  }

  /** The admin logs in anew: the certificates of the control plane are others. */
  async logIn(config: ClusterConfig): Promise<void> {
    await this.#admin.close();
    this.#admin = createKubeClient(config);
    this.churn.client = this.#admin;
  }

  /** Another client behind the proxy; absent `config`: the admin's. */
  client(config: ClusterConfig = this.#config, options: KubeClientOptions = {}): KubeClient {
    const client = createKubeClient(
      { ...config, server: `${new URL(config.server).protocol}//127.0.0.1:${this.proxy.port}` },
      { clock: this.clock, timeoutMs: 300_000, ...options },
    );
    this.#ends.push(() => client.close());
    return client;
  }

  /** Follows a kind through a client until the scene ends. */
  witness(client: KubeClient = this.client(), resource: Resource = configMaps): Witness {
    const witness = new Witness({ client, resource, namespace: this.namespace, clock: this.clock });
    witness.start();
    this.#ends.unshift(() => witness.stop());
    return witness;
  }

  /** Both ways of following hold what the server lists, and broke no promise on the way there. Waits between tries are cut short. */
  async hasAll(witness: Witness): Promise<void> {
    await this.holds(witness);
    expect(witness.broken(this.churn.written)).toEqual([]);
  }

  async holds(witness: Witness): Promise<void> {
    const deadlineMs = performance.now() + 30_000;
    for (;;) {
      const behind = await witness.behind(this.#admin).catch((thrown: unknown) => [String(thrown)]);
      if (behind.length === 0) return;
      if (performance.now() > deadlineMs) expect(behind).toEqual([]);
      this.clock.forward(2000);
      await sleep(50);
    }
  }

  async close(): Promise<void> {
    for (const end of this.#ends) await end();
    await this.#admin.close();
    await this.proxy.close();
  }
}
