import { asText, type JsonObject, metaOf, withMeta } from './json.ts';
import { apiVersionOf, type Kind, storeIdOf } from './kinds.ts';
import { LineStream } from './line-stream.ts';
import { matcherOf, type Scope, versionOf } from './read.ts';
import type { Matcher } from './selectors.ts';
import { expired, type FieldError, fieldForbidden, invalid, type StatusError } from './status.ts';
import type { Change } from './watch-cache.ts';
import type { World } from './world.ts';

/** How an object is written for whoever asked: in the version, or as metadata only. */
export type View = (object: JsonObject, kind: Kind) => JsonObject;

const longestWatchSeconds = 1800;

/** Texts of objects in the version that they were written in: a thousand watchers cost one encoding. */
const encoded = new WeakMap<JsonObject, string>();

/** Opens a watch. Errors that the API server reports inside the stream are lines of it. */
export function watchObjects(
  world: World,
  scope: Scope,
  view: View,
  bookmarkMs: number,
  onEnd: () => void,
): LineStream {
  const { kind, query } = scope;
  watchOptionErrors(query);
  const matches = matcherOf(scope);
  const wantsBookmarks = query.get('allowWatchBookmarks') === 'true';
  const cancels: (() => void)[] = [];
  const stream = new LineStream(() => {
    for (const cancel of cancels) cancel();
    onEnd();
  });
  const send = (type: string, object: JsonObject): void => stream.push(line(type, object, kind, view));
  const start = initialEvents(world, scope, matches);
  if (start.kind === 'expired') {
    stream.push(`${JSON.stringify({ type: 'ERROR', object: start.error.toJson() })}\n`);
    stream.end();
    return stream;
  }
  for (const object of start.objects) send('ADDED', object);
  if (start.isStreamed && wantsBookmarks) stream.push(bookmark(kind, world.store.resourceVersion, true));
  const onChange = (change: Change): void => {
    const event = seen(change, matches);
    if (event !== null) send(event.type, event.object);
  };
  for (const change of start.changes) onChange(change);
  cancels.push(
    world.store.onChange((change) => {
      if (change.storeId === storeIdOf(kind)) onChange(change);
    }),
  );
  const seconds = Number(query.get('timeoutSeconds') ?? 0) || longestWatchSeconds;
  cancels.push(
    world.clock.at(world.clock.nowMs() + seconds * 1000, () => {
      if (wantsBookmarks) stream.push(bookmark(kind, world.store.resourceVersion, false));
      stream.end();
    }),
  );
  if (wantsBookmarks)
    cancels.push(
      beat(world, bookmarkMs, () => stream.push(bookmark(kind, world.store.resourceVersion, false))),
    );
  return stream;
}

type Start =
  | { readonly kind: 'expired'; readonly error: StatusError }
  | {
      readonly kind: 'from';
      readonly objects: readonly JsonObject[];
      readonly changes: readonly Change[];
      readonly isStreamed: boolean;
    };

function initialEvents({ store }: World, { kind, query }: Scope, matches: Matcher): Start {
  const version = versionOf(query, 'watch');
  // Without a version they come too, and so does the bookmark behind them.
  const wantsState = query.has('sendInitialEvents')
    ? query.get('sendInitialEvents') === 'true'
    : version === 0;
  const cache = store.cacheOf(storeIdOf(kind));
  if (wantsState) {
    const objects = store.list(storeIdOf(kind)).flatMap(([, object]) => (matches(object) ? [object] : []));
    return { kind: 'from', objects, changes: [], isStreamed: true };
  }
  const changes = version === 0 ? [] : cache.since(version);
  if (changes === null)
    return { kind: 'expired', error: expired(`too old resource version: ${version} (${cache.forgotten})`) };
  return { kind: 'from', objects: [], changes, isStreamed: false };
}

/** What a change is to a watcher with a selector: an object that comes into it is added, one that leaves it deleted. */
function seen(
  { type, object, previous }: Change,
  matches: Matcher,
): { readonly type: Change['type']; readonly object: JsonObject } | null {
  const was = previous !== null && matches(previous);
  const is = type !== 'DELETED' && matches(object);
  if (was && is) return { type: 'MODIFIED', object };
  if (is) return { type: 'ADDED', object };
  // Whoever watches through a selector last sees the object as it matched, under the new resourceVersion.
  if (was)
    return {
      type: 'DELETED',
      object: type === 'DELETED' ? object : withMeta(previous, { resourceVersion: versionIn(object) }),
    };
  return null;
}

function versionIn(object: JsonObject): string {
  return asText(metaOf(object)['resourceVersion']);
}

function line(type: string, object: JsonObject, kind: Kind, view: View): string {
  const shown = view(object, kind);
  if (shown !== object) return `${JSON.stringify({ type, object: shown })}\n`;
  const text = encoded.get(object) ?? JSON.stringify(object);
  encoded.set(object, text);
  return `{"type":"${type}","object":${text}}\n`;
}

function bookmark(kind: Kind, version: number, initialEventsEnd: boolean): string {
  const metadata = {
    resourceVersion: String(version),
    creationTimestamp: null,
    ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  };
  return `${JSON.stringify({ type: 'BOOKMARK', object: { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata } })}\n`;
}

function beat({ clock }: World, everyMs: number, task: () => void): () => void {
  let cancel = (): void => undefined;
  const next = (): void => {
    cancel = clock.at(clock.nowMs() + everyMs, () => {
      task();
      next();
    });
  };
  next();
  return () => cancel();
}

function watchOptionErrors(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const errors: FieldError[] = [];
  if (query.has('sendInitialEvents') && match !== 'NotOlderThan') {
    errors.push(
      fieldForbidden(
        'resourceVersionMatch',
        'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      ),
    );
  }
  if (match !== '' && !query.has('sendInitialEvents')) {
    errors.push(
      fieldForbidden(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    );
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}
