import {
  asList,
  asNumber,
  asObject,
  asText,
  at,
  isObject,
  type Json,
  type JsonObject,
  metaOf,
  same,
  withMeta,
} from './json.ts';
import { storeIdOf } from './kinds.ts';
import { conflict, fieldNotSupported, invalid } from './status.ts';
import { current, type Target } from './write.ts';
import { keyOf, timeText, type World } from './world.ts';

export interface Removal {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: string;
  readonly gracePeriodSeconds?: number;
  readonly dryRun: boolean;
}

const policies = ['Foreground', 'Background', 'Orphan'];

/** Of a `DeleteOptions` body and the query. */
export function readRemoval(body: Json, query: URLSearchParams): Removal {
  const options = asObject(body);
  const preconditions = asObject(options['preconditions']);
  const uid = asText(preconditions['uid']);
  const resourceVersion = asText(preconditions['resourceVersion']);
  const policy = asText(options['propagationPolicy']) || query.get('propagationPolicy');
  const grace =
    options['gracePeriodSeconds'] ??
    (query.has('gracePeriodSeconds') ? Number(query.get('gracePeriodSeconds')) : undefined);
  if (policy && !policies.includes(policy)) {
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
      fieldNotSupported('propagationPolicy', policy, [...policies, 'nil']),
    ]);
  }
  return {
    ...(uid === '' ? {} : { uid }),
    ...(resourceVersion === '' ? {} : { resourceVersion }),
    ...(policy ? { propagationPolicy: policy } : {}),
    ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
    dryRun: query.get('dryRun') === 'All' || asList(options['dryRun']).includes('All'),
  };
}

/** DELETE. What waits (for finalizers, dependents, grace) is marked and stays; `done` says that it is gone. */
export function removeObject(
  world: World,
  target: Target,
  removal: Removal,
): { readonly object: JsonObject; readonly done: boolean } {
  const { kind, namespace, name } = target;
  const old = current(world, target);
  checkRemoval(old, removal, target);
  const id = storeIdOf(kind);
  const key = keyOf(namespace, name);
  const finalizers = finalizersFor(old, removal, id);
  const grace = graceOf(old, removal, id);
  const waits = finalizers.length > 0 || grace > 0 || asList(at(old, 'spec', 'finalizers')).length > 0;
  if (removal.dryRun) return { object: old, done: !waits };
  // Of what can have a grace the end is announced too.
  if (!waits && id === 'pods') world.store.put(id, key, mark(world, old, finalizers, grace, id));
  if (!waits) return { object: world.store.remove(id, key) ?? old, done: true };
  const marked = mark(world, old, finalizers, grace, id);
  return { object: same(marked, old) ? old : world.store.put(id, key, marked), done: false };
}

function checkRemoval(old: JsonObject, removal: Removal, { kind, name }: Target): void {
  const { uid, resourceVersion } = metaOf(old);
  // Named by kind, where all other conflicts name the resource.
  const subject = { ...kind, plural: kind.kind };
  if (removal.uid !== undefined && removal.uid !== uid) {
    throw conflict(
      subject,
      name,
      `the UID in the precondition (${removal.uid}) does not match the UID in record (${asText(uid)}). The object might have been deleted and then recreated`,
    );
  }
  if (removal.resourceVersion !== undefined && removal.resourceVersion !== resourceVersion) {
    throw conflict(
      subject,
      name,
      `the ResourceVersion in the precondition (${removal.resourceVersion}) does not match the ResourceVersion in record (${asText(resourceVersion)}). The object might have been modified`,
    );
  }
}

const cleanup = 'customresourcecleanup.apiextensions.k8s.io';

function finalizersFor(old: JsonObject, { propagationPolicy }: Removal, id: string): readonly Json[] {
  const present = asList(metaOf(old)['finalizers']);
  const added: string[] = [];
  if (propagationPolicy === 'Foreground') added.push('foregroundDeletion');
  if (propagationPolicy === 'Orphan') added.push('orphan');
  if (
    id === 'customresourcedefinitions.apiextensions.k8s.io' &&
    metaOf(old)['deletionTimestamp'] === undefined
  )
    added.push(cleanup);
  return [...present, ...added.filter((name) => !present.includes(name))];
}

/** Only pods that run somewhere have one; a second deletion can only shorten it. */
function graceOf(old: JsonObject, { gracePeriodSeconds }: Removal, id: string): number {
  if (id !== 'pods') return 0;
  const phase = at(old, 'status', 'phase');
  if (asText(at(old, 'spec', 'nodeName')) === '' || phase === 'Failed' || phase === 'Succeeded') return 0;
  const asked = gracePeriodSeconds ?? asNumber(at(old, 'spec', 'terminationGracePeriodSeconds'), 30);
  const running = metaOf(old)['deletionGracePeriodSeconds'];
  return typeof running === 'number' ? Math.min(running, gracePeriodSeconds ?? running) : Math.max(0, asked);
}

function mark(
  { clock }: World,
  old: JsonObject,
  finalizers: readonly Json[],
  grace: number,
  id: string,
): JsonObject {
  const meta = metaOf(old);
  const isAgain = meta['deletionTimestamp'] !== undefined;
  const shortened = isAgain && meta['deletionGracePeriodSeconds'] !== grace;
  const generation = meta['generation'];
  const marked = withMeta(old, {
    finalizers: finalizers.length === 0 ? undefined : finalizers,
    ...(isAgain && !shortened
      ? {}
      : {
          deletionTimestamp: timeText(clock.wallMs() + grace * 1000),
          ...(id === 'namespaces' ? {} : { deletionGracePeriodSeconds: grace }),
        }),
    ...(typeof generation === 'number' && !isAgain ? { generation: generation + 1 } : {}),
  });
  if (id !== 'namespaces') return marked;
  return {
    ...marked,
    status: { ...(isObject(marked['status']) ? marked['status'] : {}), phase: 'Terminating' },
  };
}
