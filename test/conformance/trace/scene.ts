import type { KubeClient, Patch, WatchEvent, WriteOptions } from '../../../src/kube/client.ts';
import { KubeError } from '../../../src/kube/kube-error.ts';
import type { ObjectList, Resource } from '../../../src/kube/object.ts';
import { type AnyObject, as, namespaces } from '../kube-cluster.ts';
import { withoutRepeats } from './recall.ts';
import { scrubbed } from './scrub.ts';
import type { Json, Outcome, Trace, TraceChapter, TraceStep } from './trace.ts';

/** One control plane, fake or real, that the script is run on. */
export interface Stage {
  readonly client: KubeClient;
  /** Time passes, real or virtual. */
  wait(forMs: number): Promise<void>;
  /** Waits for what the control plane puts into a new namespace before pods may be made there. */
  settle(namespace: string): Promise<void>;
}

/** A part of the script with a namespace of its own. */
export interface Chapter {
  readonly name: string;
  readonly run: (scene: Scene) => Promise<void>;
}

export async function recordTrace(stage: Stage, chapters: readonly Chapter[]): Promise<Trace> {
  const { gitVersion } = (await stage.client.raw('/version')) as { readonly gitVersion: string };
  const [kubernetes = gitVersion] = /^v\d+\.\d+/.exec(gitVersion) ?? [];
  const told: TraceChapter[] = [];
  for (const { name, run } of chapters) {
    const scene = new Scene(stage, name);
    await scene.open();
    await run(scene);
    told.push({ chapter: name, steps: scene.steps() });
  }
  return { kubernetes, chapters: told };
}

const nothing: AnyObject = { apiVersion: '', kind: '', metadata: { name: '' } };

/** Does one operation after the other and keeps what came of each. */
export class Scene {
  readonly client: KubeClient;
  /** Letters that make names of this run its own; the trace does not show them. */
  readonly suffix = `-${Math.random().toString(36).slice(2, 10).padEnd(8, 'x')}`;
  readonly namespace: string;
  readonly #stage: Stage;
  readonly #steps: TraceStep[] = [];

  constructor(stage: Stage, name: string) {
    this.#stage = stage;
    this.client = stage.client;
    this.namespace = `trace-${name.replaceAll(' ', '-').toLowerCase()}${this.suffix}`;
  }

  async open(): Promise<void> {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } };
    await this.client.create(namespaces, namespace, as);
    await this.#stage.settle(this.namespace);
  }

  steps(): readonly TraceStep[] {
    return withoutRepeats(scrubbed(this.#steps, this.suffix));
  }

  /** The object that came; where none did, one without a name, so that the script goes on and the trace tells. */
  async object(step: string, call: Promise<unknown>): Promise<AnyObject> {
    const came = await this.#outcome(step, call, (object) => ({ object: object as Json }));
    return came === null ? nothing : (came as AnyObject);
  }

  /** The page that came. */
  async list(step: string, call: Promise<ObjectList<AnyObject>>): Promise<ObjectList<AnyObject>> {
    const came = await this.#outcome(step, call, (list) => ({ list: list as Json }));
    return (came ?? { metadata: { resourceVersion: '' }, items: [] }) as ObjectList<AnyObject>;
  }

  async done(step: string, call: Promise<unknown>): Promise<void> {
    await this.#outcome(step, call, () => ({ done: true }));
  }

  create(
    step: string,
    resource: Resource,
    object: AnyObject,
    options: WriteOptions = as,
  ): Promise<AnyObject> {
    return this.object(step, this.client.create(resource, object, options));
  }

  replace(
    step: string,
    resource: Resource,
    object: AnyObject,
    options: WriteOptions = as,
  ): Promise<AnyObject> {
    return this.object(step, this.client.replace(resource, object, options));
  }

  patch(
    step: string,
    resource: Resource,
    name: string,
    patch: Patch,
    options: WriteOptions = as,
  ): Promise<AnyObject> {
    return this.object(step, this.client.patch(resource, this.named(resource, name), patch, options));
  }

  merge(
    step: string,
    resource: Resource,
    name: string,
    body: unknown,
    options?: WriteOptions,
  ): Promise<AnyObject> {
    return this.patch(step, resource, name, { type: 'merge', body }, options);
  }

  apply(
    step: string,
    resource: Resource,
    object: AnyObject,
    fieldManager: string,
    more: { readonly force?: boolean; readonly subresource?: 'status' } = {},
  ): Promise<AnyObject> {
    return this.object(step, this.client.apply(resource, object, { fieldManager, ...more }));
  }

  get(step: string, resource: Resource, name: string): Promise<AnyObject> {
    return this.object(step, this.client.get(resource, this.named(resource, name)));
  }

  named(resource: Resource, name: string): { readonly name: string; readonly namespace?: string } {
    return resource.namespaced ? { namespace: this.namespace, name } : { name };
  }

  /** Where a later `events` begins. */
  async now(resource: Resource): Promise<string> {
    const { metadata } = await this.client.list(resource, {
      ...(resource.namespaced ? { namespace: this.namespace } : {}),
      limit: 1,
    });
    return metadata.resourceVersion;
  }

  /** All events of the kind since then, up to the first that begins like `last`: `ADDED web`. */
  async events(
    resource: Resource,
    since: string,
    last: string,
    selectors: { readonly labelSelector?: string; readonly fieldSelector?: string } = {},
  ): Promise<void> {
    const where = resource.namespaced ? { namespace: this.namespace } : {};
    const given = new AbortController();
    const options = { ...where, ...selectors, resourceVersion: since, signal: given.signal };
    const reading = readUntil(this.client.watch<AnyObject>(resource, options), last);
    const over = { yes: false };
    const end = (): void => {
      over.yes = true;
    };
    void reading.then(end, end);
    for (let tries = 0; tries < 200 && !over.yes; tries += 1) await this.#stage.wait(50);
    if (!over.yes) given.abort();
    const selected = Object.values(selectors).map((selector) => ` with ${selector}`);
    const step = `watch ${resource.plural}${selected.join('')}`;
    await this.#outcome(step, reading, (events) => ({ events: events as readonly Json[] }));
  }

  /** Polls until it holds; the trace does not show it. */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 400; tries += 1) {
      if (await holds()) return;
      await this.#stage.wait(50);
    }
    throw new Error(`never came about: ${what}`);
  }

  async untilGone(resource: Resource, name: string): Promise<void> {
    await this.until(`${name} is gone`, () =>
      this.client.get(resource, this.named(resource, name)).then(
        () => false,
        (thrown: unknown) => thrown instanceof KubeError && thrown.reason === 'NotFound',
      ),
    );
  }

  async #outcome(step: string, call: Promise<unknown>, shown: (came: unknown) => Outcome): Promise<unknown> {
    if (this.#steps.some((known) => known.step === step)) throw new Error(`two steps are called "${step}"`);
    try {
      const came = await call;
      this.#steps.push({ step, outcome: shown(came) });
      return came;
    } catch (thrown) {
      if (!(thrown instanceof KubeError)) throw thrown;
      this.#steps.push({ step, outcome: { error: errorJson(thrown) } });
      return null;
    }
  }
}

function errorJson({ reason, code, message, details, retryAfterMs }: KubeError): Json {
  return {
    reason,
    code,
    message: message.replace(/^[A-Z]+ \S+: /, ''),
    ...(details === null ? {} : { details: details as Json }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  };
}

async function readUntil(
  watch: AsyncIterable<WatchEvent<AnyObject>>,
  last: string,
): Promise<readonly unknown[]> {
  const events: unknown[] = [];
  for await (const event of watch) {
    if (event.type === 'BOOKMARK') continue;
    events.push(event);
    if (`${event.type} ${event.object.metadata.name}`.startsWith(last)) break;
  }
  return events;
}
