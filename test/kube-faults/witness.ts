import type { KubeClient } from '../../src/kube/client.ts';
import type { Clock } from '../../src/kube/clock.ts';
import { Informer } from '../../src/kube/informer.ts';
import { keyOf, type KubeObject, type Resource } from '../../src/kube/object.ts';
import { type ObjectEvent, Reflector } from '../../src/kube/reflector.ts';
import type { Problem } from '../../src/kube/report.ts';

/** What followed one list: its version, and all events after it. */
interface Run {
  readonly at: number;
  readonly events: { readonly version: number; readonly key: string; readonly object: KubeObject }[];
  reached: number;
}

export interface WitnessOptions {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly namespace: string;
  readonly clock: Clock;
}

/**
 * Follows one kind in one namespace in both ways there are: an informer, of which only keys are told, and a reflector, whose events are
 * kept. `broken` says which promises were not held.
 */
export class Witness {
  readonly informer: Informer<KubeObject>;
  readonly problems: Problem[] = [];
  readonly runs: Run[] = [];
  /** Versions of each key as the informer held them when it told the key, in that order. */
  readonly #told = new Map<string, { readonly uid: string; readonly version: number }[]>();
  readonly #objects = new Map<string, KubeObject>();
  readonly #reflector: Reflector<KubeObject>;
  readonly #abort = new AbortController();
  readonly #options: WitnessOptions;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: WitnessOptions) {
    this.#options = options;
    const { namespace, ...rest } = options;
    const common = {
      ...rest,
      random: Math.random,
      scope: { namespace },
      report: (problem: Problem) => this.problems.push(problem),
    };
    this.informer = new Informer<KubeObject>(common);
    this.informer.feed({ add: (key) => this.#tell(key) });
    this.#reflector = new Reflector<KubeObject>({
      ...common,
      sink: {
        replace: (items, version) => this.#replace(items, version),
        apply: (event) => this.#apply(event),
        reached: (version) => {
          const run = this.runs.at(-1);
          if (run !== undefined) run.reached = Number(version);
        },
      },
    });
  }

  start(): void {
    const { signal } = this.#abort;
    this.#running = Promise.all([this.informer.run(signal), this.#reflector.run(signal)]);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  /** Reasons of what was reported, each once, in order of appearance. */
  get reasons(): readonly string[] {
    const reasons = this.problems.map(({ error }) => String((error as { readonly reason?: string }).reason));
    return [...new Set(reasons)];
  }

  /** How far both are behind the server, as differences; none: both hold exactly what it lists now. */
  async behind(reader: KubeClient): Promise<readonly string[]> {
    const { resource, namespace } = this.#options;
    const { items } = await reader.list<KubeObject>(resource, { namespace, timeoutMs: 5000 });
    const wanted = stateOf(items);
    return [
      ...differences('informer', stateOf(this.informer.lister.list()), wanted),
      ...differences('reflector', stateOf([...this.#objects.values()]), wanted),
    ];
  }

  /** `written`: versions that the server answered to writes of this kind and namespace. */
  broken(written: readonly number[]): readonly string[] {
    return [...this.#brokenRuns(written), ...this.#brokenOrder()];
  }

  #brokenRuns(written: readonly number[]): readonly string[] {
    const found: string[] = [];
    for (const [index, run] of this.runs.entries()) {
      const versions = run.events.map(({ version }) => version);
      const last = versions.at(-1) ?? run.at;
      for (const [at, version] of versions.entries())
        if (version <= (versions[at - 1] ?? run.at)) found.push(`run ${index}: ${version} out of order`);
      const seen = new Set(versions);
      const until = Math.max(last, run.reached);
      for (const version of written)
        if (version > run.at && version <= until && !seen.has(version))
          found.push(`run ${index}: ${version} lost`);
      const before = this.runs[index - 1];
      if (before !== undefined && run.at < before.reached) found.push(`run ${index} went back to ${run.at}`);
    }
    return found;
  }

  #brokenOrder(): readonly string[] {
    const found: string[] = [];
    for (const [key, told] of this.#told) {
      for (const [at, { version }] of told.entries())
        if (version < (told[at - 1]?.version ?? 0)) found.push(`${key}: back to ${version}`);
      const { uid, resourceVersion } = this.#held(key)?.metadata ?? {};
      const last = told.at(-1);
      if (resourceVersion !== undefined && (last?.uid !== uid || last?.version !== Number(resourceVersion)))
        found.push(`${key}: ${resourceVersion} was not told`);
    }
    return found;
  }

  #tell(key: string): void {
    const { uid = '', resourceVersion } = this.#held(key)?.metadata ?? {};
    const told = this.#told.get(key) ?? [];
    this.#told.set(key, told);
    if (resourceVersion !== undefined) told.push({ uid, version: Number(resourceVersion) });
  }

  #held(key: string): KubeObject | undefined {
    const [namespace = '', name = ''] = key.split('/');
    return this.informer.lister.get({ namespace, name });
  }

  #replace(items: readonly KubeObject[], version: string): void {
    this.runs.push({ at: Number(version), events: [], reached: Number(version) });
    this.#objects.clear();
    for (const item of items) this.#objects.set(keyOf(item.metadata), item);
  }

  #apply({ type, object }: ObjectEvent<KubeObject>): void {
    const key = keyOf(object.metadata);
    this.runs.at(-1)?.events.push({ version: Number(object.metadata.resourceVersion), key, object });
    if (type === 'DELETED') this.#objects.delete(key);
    else this.#objects.set(key, object);
  }
}

function stateOf(objects: readonly KubeObject[]): ReadonlyMap<string, string> {
  return new Map(
    objects.map(({ metadata }) => [keyOf(metadata), `${metadata.uid} ${metadata.resourceVersion}`]),
  );
}

function differences(
  who: string,
  held: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): readonly string[] {
  const keys = [...new Set([...held.keys(), ...wanted.keys()])];
  return keys
    .filter((key) => held.get(key) !== wanted.get(key))
    .map(
      (key) => `${who}: ${key} is ${held.get(key) ?? 'absent'}, on the server ${wanted.get(key) ?? 'absent'}`,
    );
}
