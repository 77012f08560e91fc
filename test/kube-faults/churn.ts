import type { KubeClient } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import { type AnyObject, configMap, configMaps } from '../conformance/kube-cluster.ts';
import type { SeededRandom } from '../fakes/seeded-random.ts';

const as = { fieldManager: 'churn', timeoutMs: 3000 };

/** Writes config maps of one namespace at random, and keeps what the server answered. */
export class Churn {
  /** Versions of answered writes, in order. What was not answered may have been done all the same. */
  readonly written: number[] = [];
  failed = 0;
  client: KubeClient;
  readonly #namespace: string;
  readonly #random: SeededRandom;
  #count = 0;

  constructor(client: KubeClient, namespace: string, random: SeededRandom) {
    this.client = client;
    this.#namespace = namespace;
    this.#random = random;
  }

  /** One write: creates, changes or deletes one of twelve. False: it failed. */
  async step(): Promise<boolean> {
    const name = `t${this.#random.between(0, 11)}`;
    const wantsGone = this.#random.chance(0.25);
    try {
      await this.#write(name, wantsGone);
      return true;
    } catch (thrown) {
      if (!(thrown instanceof KubeError)) throw thrown;
      this.failed += 1;
      return false;
    }
  }

  async steps(count: number): Promise<void> {
    for (let step = 0; step < count; step += 1) await this.step();
  }

  async #write(name: string, wantsGone: boolean): Promise<void> {
    const [client, namespace] = [this.client, this.#namespace];
    const found = await client
      .get<AnyObject>(configMaps, { namespace, name }, as)
      .catch((thrown: unknown) => {
        if (thrown instanceof KubeError && thrown.reason === 'NotFound') return null;
        throw thrown;
      });
    this.#count += 1;
    const data = { count: String(this.#count) };
    if (found === null) this.#keep(await client.create(configMaps, configMap(namespace, name, data), as));
    else if (wantsGone) await client.remove(configMaps, { namespace, name }, { timeoutMs: as.timeoutMs });
    else this.#keep(await client.replace(configMaps, { ...found, data }, as));
  }

  #keep({ metadata }: AnyObject): void {
    this.written.push(Number(metadata.resourceVersion));
  }
}
