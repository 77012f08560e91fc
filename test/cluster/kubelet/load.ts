import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../../src/kube/client.ts';
import { systemClock } from '../../../src/kube/clock.ts';
import { Informer } from '../../../src/kube/informer.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';

const endpointSlices: Resource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};

interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
  readonly ports?: readonly { readonly port?: number }[];
}

export interface LoadReport {
  readonly answered: number;
  /** Connections that nobody took, tried again elsewhere: what a gateway with retries makes good. */
  readonly refused: number;
  /** What a user would have seen: broken off, an answer of 500 or more, or no endpoint took it. */
  readonly failed: readonly string[];
  readonly versions: Readonly<Record<string, number>>;
  /** The fewest ready endpoints at any request. */
  readonly leastReady: number;
}

export interface LoadOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly service: string;
  readonly callers: number;
  readonly pauseMs: number;
  readonly path: string;
}

const maxTries = 4;

/** Requests to the ready endpoints of a Service, in turn, as a data plane knows them: from its watch of EndpointSlices. */
export class Load {
  readonly #options: LoadOptions;
  readonly #informer: Informer<EndpointSlice>;
  readonly #stopped = new AbortController();
  readonly #failed: string[] = [];
  readonly #versions: Record<string, number> = {};
  #running: Promise<unknown> = Promise.resolve();
  #turn = 0;
  #answered = 0;
  #refused = 0;
  #leastReady = Number.POSITIVE_INFINITY;

  constructor(options: LoadOptions) {
    const { client, namespace, service } = options;
    this.#options = options;
    this.#informer = new Informer<EndpointSlice>({
      client,
      resource: endpointSlices,
      clock: systemClock(),
      random: Math.random,
      scope: { namespace, labelSelector: `kubernetes.io/service-name=${service}` },
    });
  }

  /** `10.244.0.7:8080`, of all that are ready. */
  get ready(): readonly string[] {
    return this.#informer.lister
      .list()
      .flatMap(({ endpoints, ports }) =>
        (endpoints ?? [])
          .filter(({ conditions }) => conditions?.ready !== false)
          .flatMap(({ addresses }) => addresses.map((address) => `${address}:${ports?.[0]?.port ?? 0}`)),
      );
  }

  get answered(): number {
    return this.#answered;
  }

  get refused(): number {
    return this.#refused;
  }

  /** Follows the endpoints; calls nobody yet. */
  async follow(): Promise<void> {
    void this.#informer.run(this.#stopped.signal);
    await this.#informer.whenSynced(this.#stopped.signal);
  }

  start(): void {
    const { callers } = this.#options;
    this.#running = Promise.all(Array.from({ length: callers }, () => this.#call()));
  }

  async stop(): Promise<LoadReport> {
    this.#stopped.abort();
    await this.#running;
    return {
      answered: this.#answered,
      refused: this.#refused,
      failed: this.#failed,
      versions: this.#versions,
      leastReady: this.#leastReady,
    };
  }

  async #call(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#once();
      await sleep(this.#options.pauseMs);
    }
  }

  async #once(): Promise<void> {
    for (let tried = 0; tried < maxTries; tried += 1) {
      const { ready } = this;
      this.#leastReady = Math.min(this.#leastReady, ready.length);
      this.#turn += 1;
      const endpoint = ready[this.#turn % ready.length];
      if (endpoint === undefined) continue;
      const answer = await httpGet(`http://${endpoint}${this.#options.path}`);
      if (answer.error === 'ECONNREFUSED') {
        this.#refused += 1;
        continue;
      }
      if (answer.error !== null || answer.status >= 500) {
        this.#failed.push(`${endpoint}: ${answer.error ?? answer.status}`);
        return;
      }
      this.#answered += 1;
      const { version = '' } = JSON.parse(answer.body) as { readonly version?: string };
      this.#versions[version] = (this.#versions[version] ?? 0) + 1;
      return;
    }
    this.#failed.push('no endpoint took it');
  }
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** Code of what went wrong; null: nothing. */
  readonly error: string | null;
}

/** On a connection of its own. */
export function httpGet(url: string): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      resolve({ status: 0, body: '', error: error.code ?? error.message });
    request(url, { agent: false, timeout: 10_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('error', fail);
      response.on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, error: null }));
    })
      .on('error', fail)
      .end();
  });
}
