import type { KubeObject, ObjectList, ObjectName, Resource } from './object.ts';

/** Of every call. What is absent has the client's default. */
export interface CallOptions {
  /** Whole call, retries included; for a watch: until its answer begins. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ListOptions extends CallOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface WatchOptions extends CallOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Events after this one; '' or absent: from now on, or with `sendInitialEvents` from a consistent state. */
  readonly resourceVersion?: string;
  /** Stream the present objects first, ended by a bookmark with the annotation `k8s.io/initial-events-end`. */
  readonly sendInitialEvents?: boolean;
  /** The server ends the watch after it. */
  readonly timeoutSeconds?: number;
  /** No line for so long: the connection is taken for dead. */
  readonly inactivityMs?: number;
}

export type WatchEvent<Item extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Item }
  /** Nothing but a newer resourceVersion, and whether the initial events are complete. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

export interface WriteOptions extends CallOptions {
  /** Who owns the fields that are written. */
  readonly fieldManager: string;
  /** `token` is only created: a TokenRequest, at the name of its service account. */
  readonly subresource?: 'status' | 'scale' | 'token';
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  /** Take fields over from other managers: only for those that we own outright. */
  readonly force?: boolean;
}

/** RFC 6902. */
export type JsonPatch = readonly (
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
)[];

export type Patch =
  | { readonly type: 'merge'; readonly body: unknown }
  | { readonly type: 'json'; readonly body: JsonPatch }
  | { readonly type: 'strategic'; readonly body: unknown };

export interface DeleteOptions extends CallOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}

/**
 * The REST verbs of one cluster. Nothing else builds a URL to the API server. Every method rejects with a `KubeError`: what the server
 * answered (`reason`, `code`), or what kept it from answering. Objects are plain JSON, as they came.
 */
export interface KubeClient {
  get<Item extends KubeObject>(resource: Resource, name: ObjectName, options?: CallOptions): Promise<Item>;
  list<Item extends KubeObject>(resource: Resource, options?: ListOptions): Promise<ObjectList<Item>>;
  /** Ends when the server ends it; rejects on everything else, a line that cannot be read included. In order, one event at a time. */
  watch<Item extends KubeObject>(resource: Resource, options?: WatchOptions): AsyncIterable<WatchEvent<Item>>;
  create<Item extends KubeObject>(resource: Resource, object: Item, options: WriteOptions): Promise<Item>;
  /** PUT: refused with `Conflict` where the object's resourceVersion is not the stored one. */
  replace<Item extends KubeObject>(resource: Resource, object: Item, options: WriteOptions): Promise<Item>;
  patch<Item extends KubeObject>(
    resource: Resource,
    name: ObjectName,
    patch: Patch,
    options: WriteOptions,
  ): Promise<Item>;
  /** Server-side apply: `object` names only the fields that the manager owns. */
  apply<Item extends KubeObject>(
    resource: Resource,
    object: KubeObject,
    options: ApplyOptions,
  ): Promise<Item>;
  /** Done also where the object is on its way (finalizers, grace). `NotFound` is an error. */
  remove(resource: Resource, name: ObjectName, options?: DeleteOptions): Promise<void>;
  /** GET of a path that is no object: `/version`, `/readyz`, `/apis`. */
  raw(path: string, options?: CallOptions): Promise<unknown>;
  /** Closes all connections; calls under way reject. */
  close(): Promise<void>;
}
