import { parse as parseYaml } from 'yaml';
import { type Access, authorize, type User } from './access.ts';
import { ConnectionLost, type ApiRequest, type ApiResponse } from './request.ts';
import type { Fault, Faults } from './faults.ts';
import { asList, asObject, asText, at, isObject, type Json, type JsonObject, metaOf, uidOf } from './json.ts';
import { inVersion, type Kind, storeIdOf } from './kinds.ts';
import type { LineStream } from './line-stream.ts';
import { listObjects } from './read.ts';
import { readRemoval, removeObject } from './remove.ts';
import { type Route, routeOf } from './route.ts';
import { selectorText } from './selectors.ts';
import {
  badRequest,
  methodNotAllowed,
  nothingThere,
  StatusError,
  tooLarge,
  unsupportedMediaType,
} from './status.ts';
import { spoiled } from './spoil.ts';
import { type View, watchObjects } from './watch.ts';
import {
  createObject,
  current,
  patchObject,
  replaceObject,
  scaleOf,
  type Target,
  writeScale,
  type Writing,
  type PatchBody,
} from './write.ts';
import type { World } from './world.ts';

export interface Handling {
  readonly world: World;
  readonly access: Access;
  readonly faults: Faults;
  readonly bookmarkMs: number;
  /** Version answer of `/version`. */
  readonly gitVersion: string;
  readonly watches: Set<OpenWatch>;
}

export interface OpenWatch {
  readonly storeId: string;
  readonly stream: LineStream;
}

const largestBody = 3 * 1024 * 1024;

/** One request → its answer. Rejects with `ConnectionLost` where a fault breaks the connection. */
export async function handle(handling: Handling, request: ApiRequest): Promise<ApiResponse> {
  const fault = handling.faults.take(request);
  const early = await before(fault, handling);
  if (early !== null) return early;
  const response = answer(handling, request);
  if (fault?.kind === 'drop') throw new ConnectionLost();
  return response.kind === 'stream' && fault !== null
    ? { ...response, lines: spoiled(response.lines, fault) }
    : response;
}

async function before(fault: Fault | null, { world: { clock } }: Handling): Promise<ApiResponse | null> {
  if (fault === null) return null;
  if (fault.kind === 'drop' && !fault.afterWork) throw new ConnectionLost();
  if (fault.kind === 'hang') await new Promise<never>(() => undefined);
  if (fault.kind === 'delay') {
    await new Promise<void>((resolve) => {
      clock.at(clock.nowMs() + fault.delayMs, resolve);
    });
  }
  if (fault.kind !== 'reply') return null;
  const { code, retryAfterSeconds, html } = fault;
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  if (html !== undefined)
    return { kind: 'text', code, headers: { ...headers, 'content-type': 'text/html' }, body: html };
  return failure(faultStatus(code, retryAfterSeconds), headers);
}

const faultReasons: Readonly<Record<number, readonly [string, string]>> = {
  401: ['Unauthorized', 'Unauthorized'],
  403: ['Forbidden', 'forbidden by a fault of the test'],
  429: ['TooManyRequests', 'Too many requests, please try again later.'],
  500: ['InternalError', 'Internal error occurred: a fault of the test'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'the server was unable to return a response in the time allotted'],
};

function faultStatus(code: number, retryAfterSeconds: number | undefined): StatusError {
  const [reason, message] = faultReasons[code] ?? ['', `an answer with code ${code}`];
  return new StatusError({
    code,
    reason,
    message,
    ...(retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } }),
  });
}

function failure(error: StatusError, headers: Readonly<Record<string, string>> = {}): ApiResponse {
  const retry = at(error.parts.details, 'retryAfterSeconds');
  const more = typeof retry === 'number' ? { 'retry-after': String(retry) } : {};
  return { kind: 'json', code: error.parts.code, headers: { ...more, ...headers }, body: error.toJson() };
}

function answer(handling: Handling, request: ApiRequest): ApiResponse {
  try {
    const url = new URL(request.url, 'http://apiserver');
    const user = handling.access.userOf(request.headers['authorization']);
    const route = routeOf(url.pathname, handling.world.registry);
    return route.kind === 'objects'
      ? objects(handling, request, route, url.searchParams, user)
      : other(handling, route);
  } catch (thrown) {
    if (thrown instanceof StatusError) return failure(thrown);
    throw thrown;
  }
}

function json(body: Json, code = 200): ApiResponse {
  return { kind: 'json', code, headers: {}, body };
}

function other({ world: { registry }, gitVersion }: Handling, route: Route): ApiResponse {
  const unknown: ApiResponse = {
    kind: 'text',
    code: 404,
    headers: { 'content-type': 'text/plain' },
    body: '404 page not found\n',
  };
  if (route.kind === 'discovery') {
    const { group, version } = route;
    const found =
      group === null
        ? registry.groups()
        : version === null
          ? registry.group(group)
          : registry.resources(group, version);
    return found === null ? unknown : json(found);
  }
  if (route.kind === 'nothing') throw nothingThere();
  if (route.kind !== 'plain') return unknown;
  if (route.path === '/api')
    return json({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
  if (route.path === '/version') {
    const [, major = '1', minor = '0'] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
    return json({ major, minor, gitVersion, platform: 'linux/amd64' });
  }
  if (['/healthz', '/livez', '/readyz'].includes(route.path))
    return { kind: 'text', code: 200, headers: { 'content-type': 'text/plain' }, body: 'ok' };
  return unknown;
}

type ObjectsRoute = Extract<Route, { readonly kind: 'objects' }>;

function verbOf({ method }: ApiRequest, { name }: ObjectsRoute, query: URLSearchParams): string {
  const isWatch = query.get('watch') === 'true' || query.get('watch') === '1';
  if (method === 'GET') return name === '' ? (isWatch ? 'watch' : 'list') : 'get';
  if (method === 'DELETE') return name === '' ? 'deletecollection' : 'delete';
  const verb = { POST: 'create', PUT: 'update', PATCH: 'patch' }[method];
  if (verb === undefined) throw methodNotAllowed();
  return verb;
}

function objects(
  handling: Handling,
  request: ApiRequest,
  route: ObjectsRoute,
  query: URLSearchParams,
  user: User,
): ApiResponse {
  const { world } = handling;
  const { of: kind, namespace, name, subresource } = route;
  const verb = verbOf(request, route, query);
  authorize(user, { verb, kind, namespace, name, subresource });
  if (subresource !== '' && !hasSubresource(kind, subresource)) return other(handling, { kind: 'unknown' });
  const view = viewOf(request);
  const target: Target = { kind, namespace, name };
  const shown = (object: JsonObject, code = 200): ApiResponse => json(view(object, kind), code);
  switch (verb) {
    case 'watch': {
      const open: { watch: OpenWatch | null } = { watch: null };
      const stream = watchObjects(world, { kind, namespace, query }, view, handling.bookmarkMs, () => {
        if (open.watch !== null) handling.watches.delete(open.watch);
      });
      open.watch = { storeId: storeIdOf(kind), stream };
      if (!stream.isEnded) handling.watches.add(open.watch);
      return { kind: 'stream', code: 200, headers: {}, lines: stream, close: () => stream.end() };
    }
    case 'list': {
      const list = listObjects(world, { kind, namespace, query });
      return json({ ...list, items: asList(list['items']).map((item) => view(asObject(item), kind)) });
    }
    case 'get': {
      const object = current(world, target);
      return subresource === 'scale'
        ? json(scaleOf(object, kind, scaleSelector(object, kind)))
        : shown(object);
    }
    case 'create':
      if (name !== '' || (kind.namespaced && namespace === '')) throw methodNotAllowed();
      return shown(
        createObject(world, { kind, namespace }, readBody(request), writingOf(request, query, '')),
        201,
      );
    case 'deletecollection':
      for (const [, item] of matching(handling, route, query)) {
        removeObject(
          world,
          { kind, namespace: item.namespace, name: item.name },
          readRemoval(optionalBody(request), query),
        );
      }
      return json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' });
    case 'delete':
      return removed(
        removeObject(world, target, readRemoval(optionalBody(request), query)),
        kind,
        name,
        view,
      );
    default:
      return written(world, request, target, subresource, query, shown);
  }
}

function written(
  world: World,
  request: ApiRequest,
  target: Target,
  subresource: string,
  query: URLSearchParams,
  shown: (object: JsonObject, code?: number) => ApiResponse,
): ApiResponse {
  const { kind } = target;
  if (target.name === '') throw methodNotAllowed();
  const how = writingOf(
    request,
    query,
    subresource === 'status' || subresource === 'scale' ? subresource : '',
  );
  if (subresource === 'scale') {
    const scale = request.method === 'PUT' ? readBody(request) : patchedScale(world, request, target);
    const object = writeScale(world, target, scale, how);
    return json(scaleOf(object, kind, scaleSelector(object, kind)));
  }
  if (request.method === 'PUT') return shown(replaceObject(world, target, readBody(request), how));
  const patch = readPatch(request, query);
  const isNew = patch.type === 'apply' && !exists(world, target);
  return shown(patchObject(world, target, patch, how), isNew ? 201 : 200);
}

function exists(world: World, target: Target): boolean {
  try {
    return uidOf(current(world, target)) !== '';
  } catch {
    return false;
  }
}

/** Of a scale only a merge patch is known. */
function patchedScale(world: World, request: ApiRequest, target: Target): JsonObject {
  const { metadata, spec } = readBody(request);
  const path = target.kind.scale?.specReplicas.split('.') ?? [];
  const replicas = at(spec, 'replicas') ?? at(current(world, target), ...path) ?? 0;
  return { metadata: asObject(metadata), spec: { replicas } };
}

function matching(
  handling: Handling,
  { of: kind, namespace }: ObjectsRoute,
  query: URLSearchParams,
): (readonly [string, { readonly namespace: string; readonly name: string }])[] {
  const only = new URLSearchParams(
    [...query].filter(([key]) => key === 'labelSelector' || key === 'fieldSelector'),
  );
  return asList(listObjects(handling.world, { kind, namespace, query: only })['items']).map((item) => {
    const meta = metaOf(asObject(item));
    return [
      uidOf(asObject(item)),
      { namespace: asText(meta['namespace']), name: asText(meta['name']) },
    ] as const;
  });
}

function removed(
  { object, done }: { readonly object: JsonObject; readonly done: boolean },
  kind: Kind,
  name: string,
  view: View,
): ApiResponse {
  if (!done || (kind.builtIn && kind.kind === 'Pod')) return json(view(object, kind));
  const details: JsonObject = {
    name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.plural,
    uid: uidOf(object),
  };
  return json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

function hasSubresource(kind: Kind, subresource: string): boolean {
  return (subresource === 'status' && kind.hasStatus) || (subresource === 'scale' && kind.scale !== null);
}

function scaleSelector(object: JsonObject, kind: Kind): string {
  const path = kind.scale?.selector ?? '';
  const value = path === '' ? undefined : at(object, ...path.split('.'));
  return typeof value === 'string' ? value : isObject(value) ? selectorText(value) : '';
}

/** Whole objects, or with `as=PartialObjectMetadata` only their metadata. */
function viewOf({ headers }: ApiRequest): View {
  if (!/as=PartialObjectMetadata/.test(headers['accept'] ?? ''))
    return (object, kind) => inVersion(object, kind);
  return (object) => ({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: metaOf(object),
  });
}

function writingOf(
  { headers }: ApiRequest,
  query: URLSearchParams,
  subresource: Writing['subresource'],
): Writing {
  const agent = (headers['user-agent'] ?? 'unknown').split('/')[0] ?? 'unknown';
  return {
    manager: query.get('fieldManager') ?? agent,
    subresource,
    strict: query.get('fieldValidation') === 'Strict',
    dryRun: query.get('dryRun') === 'All',
  };
}

function readBody({ body }: ApiRequest): JsonObject {
  const value = parsed(body, JSON.parse);
  if (!isObject(value)) throw badRequest('the object provided is unrecognized: expected an object');
  return value;
}

function optionalBody({ body }: ApiRequest): Json {
  return body === '' ? {} : parsed(body, JSON.parse);
}

function parsed(text: string, parse: (text: string) => unknown): Json {
  if (text.length > largestBody) throw tooLarge(`Request entity too large: limit is ${largestBody}`);
  try {
    return parse(text) as Json;
  } catch (thrown) {
    throw badRequest(
      `the object provided is unrecognized: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    );
  }
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

function readPatch(request: ApiRequest, query: URLSearchParams): PatchBody {
  const type = (request.headers['content-type'] ?? '').split(';')[0] ?? '';
  switch (type) {
    case 'application/json-patch+json':
      return { type: 'json', body: parsed(request.body, JSON.parse) };
    case 'application/merge-patch+json':
      return { type: 'merge', body: readBody(request) };
    case 'application/strategic-merge-patch+json':
      return { type: 'strategic', body: readBody(request) };
    case 'application/apply-patch+yaml': {
      if (!query.has('fieldManager'))
        throw badRequest(
          'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        );
      return {
        type: 'apply',
        body: asObject(parsed(request.body, (text) => parseYaml(text) as unknown)),
        force: query.get('force') === 'true',
      };
    }
    default:
      throw unsupportedMediaType(patchTypes);
  }
}
