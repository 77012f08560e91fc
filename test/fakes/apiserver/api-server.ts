import { type Clock, systemClock } from '../../../src/kube/clock.ts';
import { SeededRandom } from '../seeded-random.ts';
import { Access } from './access.ts';
import { collectGarbage } from './collector.ts';
import { runCrds } from './crd-controller.ts';
import { Faults } from './faults.ts';
import { handle, type Handling, type OpenWatch } from './handler.ts';
import { asObject, type JsonObject, toJson } from './json.ts';
import { deleteNamespaces } from './namespace-deletion.ts';
import { Registry } from './registry.ts';
import type { ApiRequest, ApiResponse } from './request.ts';
import { runStages } from './run-stages.ts';
import type { Stage } from './stages.ts';
import { Store } from './store.ts';
import type { World } from './world.ts';

export interface ApiServerOptions {
  readonly clock?: Clock;
  readonly seed?: number;
  /** Changes of one kind that can still be watched from. */
  readonly windowEvents?: number;
  /** Between two bookmarks of a watch. */
  readonly bookmarkMs?: number;
  /** What garbage collection, namespaces and CRDs take to react. */
  readonly controllerDelayMs?: number;
  /** How workloads behave; none: as with no controller manager. */
  readonly stages?: readonly Stage[];
  readonly gitVersion?: string;
}

/**
 * An API server in memory. Requests come over real HTTP (`serve`) or as plain calls of `handle`; time is the clock's, so that the second
 * way runs in virtual time. Namespaces `default` and `kube-system` are there.
 */
export class FakeApiServer {
  readonly world: World;
  readonly access = new Access();
  readonly faults = new Faults();
  /** `<verb> <path>` of each request, the last 10,000. */
  readonly requests: string[] = [];
  requestCount = 0;
  readonly #watches = new Set<OpenWatch>();
  readonly #handling: Handling;

  constructor(options: ApiServerOptions = {}) {
    const random = new SeededRandom(options.seed ?? 1);
    this.world = {
      store: new Store(options.windowEvents ?? 1_000),
      registry: new Registry(),
      clock: options.clock ?? systemClock(),
      random: () => random.next(),
    };
    const delayMs = options.controllerDelayMs ?? 0;
    this.#handling = {
      world: this.world,
      access: this.access,
      faults: this.faults,
      bookmarkMs: options.bookmarkMs ?? 60_000,
      gitVersion: options.gitVersion ?? 'v1.37.2',
      watches: this.#watches,
    };
    collectGarbage(this.world, delayMs);
    deleteNamespaces(this.world, delayMs);
    runCrds(this.world, delayMs, (storeId) => this.endWatches(storeId));
    if (options.stages !== undefined) runStages(this.world, options.stages);
    for (const name of ['default', 'kube-system']) this.#bear(name);
  }

  handle(request: ApiRequest): Promise<ApiResponse> {
    this.requestCount += 1;
    this.requests.push(`${request.method} ${request.url}`);
    if (this.requests.length > 20_000) this.requests.splice(0, 10_000);
    return handle(this.#handling, request);
  }

  /** As etcd compacts and the API server starts anew: older resourceVersions are gone, and open watches end. */
  compact(): void {
    this.world.store.compact();
    this.endWatches();
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** All objects of a store, `pods` or `canaries.sluice.dev`, as they are now. */
  objects(storeId: string): readonly JsonObject[] {
    return this.world.store.list(storeId).map(([, object]) => object);
  }

  /** Ends open watches: of one kind, or all. */
  endWatches(storeId?: string): void {
    for (const watch of this.#watches)
      if (storeId === undefined || watch.storeId === storeId) watch.stream.end();
  }

  #bear(name: string): void {
    this.world.store.put(
      'namespaces',
      name,
      asObject(
        toJson({
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: {
            name,
            uid: `namespace-${name}`,
            creationTimestamp: '2026-01-01T00:00:00Z',
            labels: { 'kubernetes.io/metadata.name': name },
          },
          spec: { finalizers: ['kubernetes'] },
          status: { phase: 'Active' },
        }),
      ),
    );
  }
}
