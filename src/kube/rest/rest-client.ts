import type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  Patch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../client.ts';
import type { Clock } from '../clock.ts';
import { isKubeError } from '../kube-error.ts';
import { apiVersionOf, type KubeObject, type ObjectList, type ObjectName, type Resource } from '../object.ts';
import type { WireRequest } from '../transport/transport.ts';
import { type Caller, whatOf } from './caller.ts';
import { guarded } from './guarded.ts';
import { isKubeObject, listOf } from './json-record.ts';
import { LineCutter } from './line-cutter.ts';
import { badRequest, collectionPath, objectPath, type Query, queryOf, requireNamespace } from './path-of.ts';
import { malformed, parseJson } from './read-body.ts';
import { htmlError, isHtml } from './status-error.ts';
import { expiredIfGone, watchEventOf } from './watch-event-of.ts';

export interface RestClientOptions {
  readonly clock: Clock;
  /** Of watches that name none; bookmarks come about each minute. */
  readonly inactivityMs: number;
  readonly maxLineBytes: number;
  /** Breaks the connections. */
  readonly closePools: () => Promise<void>;
}

const patchTypes: Readonly<Record<Patch['type'], string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

/** The verbs over HTTP. Writes ask for strict field validation (client-go's default is to warn): a misspelt field is an error. */
export class RestClient implements KubeClient {
  readonly #caller: Caller;
  readonly #options: RestClientOptions;

  constructor(caller: Caller, options: RestClientOptions) {
    this.#caller = caller;
    this.#options = options;
  }

  async get<Item extends KubeObject>(
    resource: Resource,
    name: ObjectName,
    options: CallOptions = {},
  ): Promise<Item> {
    return await this.#object({ method: 'GET', path: objectPath(resource, name) }, options);
  }

  async list<Item extends KubeObject>(
    resource: Resource,
    options: ListOptions = {},
  ): Promise<ObjectList<Item>> {
    const { fieldSelector, labelSelector, limit, namespace, resourceVersion, resourceVersionMatch } = options;
    const query = {
      labelSelector,
      fieldSelector,
      limit,
      continue: options.continue,
      resourceVersion,
      resourceVersionMatch,
    };
    const request: WireRequest = {
      method: 'GET',
      path: `${collectionPath(resource, namespace)}${queryOf(query)}`,
    };
    const list = listOf<Item>(resource, await this.#json(request, options));
    if (list === null)
      throw malformed(`${whatOf(request)}: the server answered with something that is no list`);
    return list;
  }

  async *watch<Item extends KubeObject>(
    resource: Resource,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<Item>, void> {
    const request = watchRequest(resource, options);
    const what = `watch ${whatOf(request).slice('GET '.length)}`;
    const { clock, maxLineBytes } = this.#options;
    const { inactivityMs = this.#options.inactivityMs } = options;
    const scope = this.#caller.scope(what, options);
    try {
      const answer = await this.#caller.open(request, scope);
      scope.disarm();
      const { server } = this.#caller.transport;
      const cutter = new LineCutter(what, maxLineBytes);
      for await (const chunk of guarded(answer, { clock, scope, inactivityMs, what, server })) {
        for (const line of cutter.cut(chunk)) {
          if (line[0] === 0x3c)
            throw htmlError(what, { status: answer.status, text: Buffer.from(line).toString() });
          yield watchEventOf<Item>(what, line);
          // Lines that came with the last one are not given any more.
          scope.signal.throwIfAborted();
        }
      }
      cutter.end();
    } catch (thrown) {
      throw isKubeError(thrown, 'Gone') ? expiredIfGone(thrown) : thrown;
    } finally {
      scope.end();
    }
  }

  async create<Item extends KubeObject>(
    resource: Resource,
    object: Item,
    options: WriteOptions,
  ): Promise<Item> {
    const { name, namespace } = object.metadata;
    requireNamespace(resource, namespace);
    const path =
      options.subresource === undefined
        ? collectionPath(resource, namespace)
        : objectPath(resource, nameOf(name, namespace), options.subresource);
    return await this.#write('POST', path, 'application/json', object, options);
  }

  async replace<Item extends KubeObject>(
    resource: Resource,
    object: Item,
    options: WriteOptions,
  ): Promise<Item> {
    const { name, namespace } = object.metadata;
    const path = objectPath(resource, nameOf(name, namespace), options.subresource);
    return await this.#write('PUT', path, 'application/json', object, options);
  }

  async patch<Item extends KubeObject>(
    resource: Resource,
    name: ObjectName,
    patch: Patch,
    options: WriteOptions,
  ): Promise<Item> {
    const path = objectPath(resource, name, options.subresource);
    return await this.#write('PATCH', path, patchTypes[patch.type], patch.body, options);
  }

  async apply<Item extends KubeObject>(
    resource: Resource,
    object: KubeObject,
    options: ApplyOptions,
  ): Promise<Item> {
    const { managedFields: _, ...metadata } = object.metadata;
    const path = objectPath(resource, nameOf(metadata.name, metadata.namespace), options.subresource);
    const body = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata };
    const force = options.force === true ? { force: true } : {};
    // JSON is YAML; the server has no other name for this patch before 1.34.
    return await this.#write('PATCH', path, 'application/apply-patch+yaml', body, options, force);
  }

  async remove(resource: Resource, name: ObjectName, options: DeleteOptions = {}): Promise<void> {
    const { gracePeriodSeconds, preconditions, propagationPolicy } = options;
    const asked = { gracePeriodSeconds, preconditions, propagationPolicy };
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', ...asked });
    const plain = Object.values(asked).every((value) => value === undefined);
    await this.#caller.call(
      {
        method: 'DELETE',
        path: objectPath(resource, name),
        ...(plain ? {} : { contentType: 'application/json', body }),
      },
      options,
    );
  }

  /** JSON as what it says, anything else as text: `/readyz` answers `ok`. */
  async raw(path: string, options: CallOptions = {}): Promise<unknown> {
    if (!/^\/[\x21-\x7e]*$/.test(path)) throw badRequest('a path of the API begins with / and has no blanks');
    const request: WireRequest = { method: 'GET', path };
    const { contentType, status, text } = await this.#caller.call(request, options);
    if (isHtml({ contentType, text })) throw htmlError(whatOf(request), { status, text });
    return contentType.includes('json') ? parseJson(whatOf(request), text) : text;
  }

  async close(): Promise<void> {
    this.#caller.close();
    await this.#options.closePools();
  }

  async #write<Item extends KubeObject>(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    contentType: string,
    body: unknown,
    options: WriteOptions,
    more: Query = {},
  ): Promise<Item> {
    const query = queryOf({
      fieldManager: options.fieldManager,
      fieldValidation: 'Strict',
      dryRun: options.dryRun === true ? 'All' : undefined,
      ...more,
    });
    return await this.#object(
      { method, path: `${path}${query}`, contentType, body: JSON.stringify(body) },
      options,
    );
  }

  async #object<Item extends KubeObject>(request: WireRequest, options: CallOptions): Promise<Item> {
    const parsed = await this.#json(request, options);
    if (!isKubeObject(parsed))
      throw malformed(`${whatOf(request)}: the server answered with something that is no object`);
    return parsed as Item;
  }

  async #json(request: WireRequest, options: CallOptions): Promise<unknown> {
    const { contentType, status, text } = await this.#caller.call(request, options);
    if (isHtml({ contentType, text })) throw htmlError(whatOf(request), { status, text });
    return parseJson(whatOf(request), text);
  }
}

function watchRequest(resource: Resource, options: WatchOptions): WireRequest {
  const { fieldSelector, labelSelector, namespace, resourceVersion, timeoutSeconds } = options;
  const initial = options.sendInitialEvents === true;
  const query = queryOf({
    watch: true,
    allowWatchBookmarks: true,
    labelSelector,
    fieldSelector,
    resourceVersion,
    ...(initial ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' } : {}),
    timeoutSeconds,
  });
  return { method: 'GET', path: `${collectionPath(resource, namespace)}${query}` };
}

function nameOf(name: string, namespace: string | undefined): ObjectName {
  return namespace === undefined ? { name } : { name, namespace };
}
