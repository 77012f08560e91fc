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
} from '../../../src/kube/client.ts';
import { KubeError } from '../../../src/kube/kube-error.ts';
import type { KubeObject, ObjectList, ObjectName, Resource } from '../../../src/kube/object.ts';
import { apiVersionOf } from '../../../src/kube/object.ts';
import { collectionPath, objectPath, type Query, queryOf } from '../../../src/kube/rest/path-of.ts';
import { statusError } from '../../../src/kube/rest/status-error.ts';
import { watchEventOf } from '../../../src/kube/rest/watch-event-of.ts';
import type { FakeApiServer } from './api-server.ts';
import { type ApiRequest, type ApiResponse, ConnectionLost } from './request.ts';

/** A client without sockets: time passes only where the server's clock is moved. */
export function inProcessClient(server: FakeApiServer, token?: string): KubeClient {
  return new InProcessClient(server, token);
}

const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: unknown;
}

class InProcessClient implements KubeClient {
  readonly #server: FakeApiServer;
  readonly #token: string | undefined;
  readonly #closed = new AbortController();

  constructor(server: FakeApiServer, token: string | undefined) {
    this.#server = server;
    this.#token = token;
  }

  async get<Item extends KubeObject>(
    resource: Resource,
    name: ObjectName,
    options: CallOptions = {},
  ): Promise<Item> {
    return (await this.#json({ method: 'GET', path: objectPath(resource, name) }, options)) as Item;
  }

  async list<Item extends KubeObject>(
    resource: Resource,
    options: ListOptions = {},
  ): Promise<ObjectList<Item>> {
    const { namespace, labelSelector, fieldSelector, limit, resourceVersion, resourceVersionMatch } = options;
    const query = {
      labelSelector,
      fieldSelector,
      limit,
      continue: options.continue,
      resourceVersion,
      resourceVersionMatch,
    };
    const path = `${collectionPath(resource, namespace)}${queryOf(query)}`;
    const { metadata, items } = (await this.#json({ method: 'GET', path }, options)) as ObjectList<Item>;
    return { metadata, items };
  }

  async *watch<Item extends KubeObject>(
    resource: Resource,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<Item>> {
    const { namespace, labelSelector, fieldSelector, resourceVersion, sendInitialEvents, timeoutSeconds } =
      options;
    const query: Query = {
      watch: true,
      allowWatchBookmarks: true,
      labelSelector,
      fieldSelector,
      resourceVersion,
      timeoutSeconds,
      ...(sendInitialEvents === true ? { sendInitialEvents, resourceVersionMatch: 'NotOlderThan' } : {}),
    };
    const path = `${collectionPath(resource, namespace)}${queryOf(query)}`;
    const what = `GET ${path}`;
    const response = await this.#send({ method: 'GET', path }, options);
    if (response.kind !== 'stream') throw failed(what, response);
    const iterator = response.lines[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.#unlessAborted(iterator.next(), what, options);
        if (done === true) return;
        yield watchEventOf<Item>(what, new TextEncoder().encode(value));
      }
    } catch (thrown) {
      throw thrown instanceof ConnectionLost ? lost(what) : thrown;
    } finally {
      response.close();
    }
  }

  async create<Item extends KubeObject>(
    resource: Resource,
    object: Item,
    options: WriteOptions,
  ): Promise<Item> {
    const path = `${collectionPath(resource, object.metadata.namespace)}${writeQuery(options)}`;
    return (await this.#json({ method: 'POST', path, body: object }, options)) as Item;
  }

  async replace<Item extends KubeObject>(
    resource: Resource,
    object: Item,
    options: WriteOptions,
  ): Promise<Item> {
    const path = `${objectPath(resource, object.metadata, options.subresource)}${writeQuery(options)}`;
    return (await this.#json({ method: 'PUT', path, body: object }, options)) as Item;
  }

  async patch<Item extends KubeObject>(
    resource: Resource,
    name: ObjectName,
    patch: Patch,
    options: WriteOptions,
  ): Promise<Item> {
    const path = `${objectPath(resource, name, options.subresource)}${writeQuery(options)}`;
    return (await this.#json(
      { method: 'PATCH', path, type: patchTypes[patch.type], body: patch.body },
      options,
    )) as Item;
  }

  async apply<Item extends KubeObject>(
    resource: Resource,
    object: KubeObject,
    options: ApplyOptions,
  ): Promise<Item> {
    const path = `${objectPath(resource, object.metadata, options.subresource)}${writeQuery(options, { force: options.force })}`;
    const { managedFields: _, ...metadata } = object.metadata;
    const body = { ...object, metadata, apiVersion: apiVersionOf(resource), kind: resource.kind };
    return (await this.#json(
      { method: 'PATCH', path, type: 'application/apply-patch+yaml', body },
      options,
    )) as Item;
  }

  async remove(resource: Resource, name: ObjectName, options: DeleteOptions = {}): Promise<void> {
    const { preconditions, propagationPolicy, gracePeriodSeconds } = options;
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions,
      propagationPolicy,
      gracePeriodSeconds,
    };
    await this.#json({ method: 'DELETE', path: objectPath(resource, name), body }, options);
  }

  async raw(path: string, options: CallOptions = {}): Promise<unknown> {
    const response = await this.#send({ method: 'GET', path }, options);
    if (response.kind === 'stream' || response.code >= 400) throw failed(`GET ${path}`, response);
    return response.body;
  }

  close(): Promise<void> {
    this.#closed.abort();
    return Promise.resolve();
  }

  async #json(call: Call, options: CallOptions): Promise<unknown> {
    const response = await this.#send(call, options);
    if (response.kind !== 'json' || response.code >= 400)
      throw failed(`${call.method} ${call.path}`, response);
    // What comes over the wire is a copy: nobody may reach into the store.
    return JSON.parse(JSON.stringify(response.body)) as unknown;
  }

  async #send({ method, path, type, body }: Call, options: CallOptions): Promise<ApiResponse> {
    const what = `${method} ${path}`;
    const request: ApiRequest = {
      method,
      url: path,
      headers: {
        'user-agent': 'in-process-client/1',
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
      },
      body: body === undefined ? '' : JSON.stringify(body),
    };
    try {
      return await this.#unlessAborted(this.#server.handle(request), what, options);
    } catch (thrown) {
      throw thrown instanceof ConnectionLost ? lost(what) : thrown;
    }
  }

  /** Rejects when the caller's signal, the deadline or `close` comes first. */
  async #unlessAborted<Value>(
    work: Promise<Value>,
    what: string,
    { signal, timeoutMs }: CallOptions,
  ): Promise<Value> {
    const { clock } = this.#server.world;
    const ends: (() => void)[] = [];
    const aborted = new Promise<never>((_, reject) => {
      for (const source of [signal, this.#closed.signal]) {
        const abort = (): void => reject(new KubeError({ reason: 'Aborted', message: `${what}: aborted` }));
        if (source?.aborted === true) abort();
        source?.addEventListener('abort', abort, { once: true });
        ends.push(() => source?.removeEventListener('abort', abort));
      }
      if (timeoutMs === undefined) return;
      const late = (): void =>
        reject(
          new KubeError({ reason: 'DeadlineExceeded', message: `${what}: no answer within ${timeoutMs} ms` }),
        );
      ends.push(clock.at(clock.nowMs() + timeoutMs, late));
    });
    try {
      return await Promise.race([work, aborted]);
    } finally {
      for (const end of ends) end();
    }
  }
}

function writeQuery({ fieldManager, dryRun }: WriteOptions, more: Query = {}): string {
  return queryOf({
    fieldManager,
    fieldValidation: 'Strict',
    dryRun: dryRun === true ? 'All' : undefined,
    ...more,
  });
}

function failed(what: string, response: ApiResponse): KubeError {
  const text =
    response.kind === 'json' ? JSON.stringify(response.body) : response.kind === 'text' ? response.body : '';
  const { 'content-type': contentType = 'application/json', 'retry-after': retryAfter = '' } =
    response.headers;
  return statusError(what, { status: response.code, contentType, retryAfter, text });
}

function lost(what: string): KubeError {
  return new KubeError({ reason: 'Unreachable', message: `${what}: the connection broke` });
}
