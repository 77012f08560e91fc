import {
  asList,
  asObject,
  asText,
  at,
  type JsonObject,
  metaOf,
  nameOf,
  namespaceOf,
  uidOf,
  withMeta,
} from './json.ts';
import { ownByUpdate } from './managed-fields.ts';
import type { Change } from './watch-cache.ts';
import { timeText, type World } from './world.ts';
import { type Removal, removeObject } from './remove.ts';

/**
 * Garbage collection as the controller manager does it, a moment after the write: what all owners of are gone goes too; a foreground
 * deletion waits for the dependents that block it; an orphaning one takes their references off first.
 */
export function collectGarbage(world: World, delayMs: number): void {
  const soon = (task: () => void): void => {
    world.clock.at(world.clock.nowMs() + delayMs, task);
  };
  world.store.onChange((change) => {
    const uid = uidOf(change.object);
    if (change.type === 'DELETED') {
      const dependents = world.store.ownedBy(uid);
      if (dependents.length > 0) soon(() => dependents.forEach((dependent) => collect(world, dependent)));
      for (const owner of ownersOf(change.object)) soon(() => settle(world, owner));
      return;
    }
    if (change.type === 'ADDED' && ownersOf(change.object).length > 0) soon(() => collect(world, uid));
    if (isLeaving(change)) soon(() => settle(world, uid));
  });
}

interface Found {
  readonly storeId: string;
  readonly key: string;
  readonly object: JsonObject;
}

function isLeaving({ object }: Change): boolean {
  const finalizers = asList(metaOf(object)['finalizers']);
  return (
    metaOf(object)['deletionTimestamp'] !== undefined &&
    (finalizers.includes('foregroundDeletion') || finalizers.includes('orphan'))
  );
}

function ownersOf(object: JsonObject): readonly string[] {
  return asList(metaOf(object)['ownerReferences']).map((owner) => asText(at(owner, 'uid')));
}

/** Deletes an object whose owners are all gone; of some that are gone only the references. */
function collect(world: World, uid: string): void {
  const found = world.store.find(uid);
  if (found === null) return;
  const owners = asList(metaOf(found.object)['ownerReferences']).map(asObject);
  const solid = owners.filter((owner) => {
    const there = world.store.find(asText(owner['uid']));
    return there !== null && nameOf(there.object) === owner['name'] && !isDeletingInForeground(there.object);
  });
  if (owners.length === 0 || solid.length === owners.length) return;
  if (solid.length > 0) {
    write(world, found, withMeta(found.object, { ownerReferences: solid }));
    return;
  }
  const waits = owners.some((owner) => world.store.find(asText(owner['uid'])) !== null);
  remove(world, uid, waits ? 'Foreground' : 'Background');
}

function isDeletingInForeground(object: JsonObject): boolean {
  return (
    metaOf(object)['deletionTimestamp'] !== undefined &&
    asList(metaOf(object)['finalizers']).includes('foregroundDeletion')
  );
}

function remove(world: World, uid: string, propagationPolicy: 'Foreground' | 'Background'): void {
  const found = world.store.find(uid);
  const kind = found === null ? null : world.registry.ofStore(found.storeId);
  if (found === null || kind === null || metaOf(found.object)['deletionTimestamp'] !== undefined) return;
  const hasDependents = world.store.ownedBy(uid).length > 0;
  const removal: Removal = { uid, dryRun: false, ...(hasDependents ? { propagationPolicy } : {}) };
  removeObject(world, { kind, namespace: namespaceOf(found.object), name: nameOf(found.object) }, removal);
}

/** Moves an owner on that waits for its dependents. */
function settle(world: World, uid: string): void {
  const found = world.store.find(uid);
  if (found === null || metaOf(found.object)['deletionTimestamp'] === undefined) return;
  const finalizers = asList(metaOf(found.object)['finalizers']);
  const dependents = world.store.ownedBy(uid);
  if (finalizers.includes('orphan')) {
    for (const dependent of dependents) disown(world, dependent, uid);
    dropFinalizer(world, uid, 'orphan');
  } else if (finalizers.includes('foregroundDeletion')) {
    for (const dependent of dependents) collect(world, dependent);
    const blocking = world.store.ownedBy(uid).filter((dependent) => blocks(world, dependent, uid));
    if (blocking.length === 0) dropFinalizer(world, uid, 'foregroundDeletion');
  }
}

function blocks({ store }: World, dependent: string, owner: string): boolean {
  const references = asList(metaOf(store.find(dependent)?.object ?? {})['ownerReferences']);
  return references.some(
    (reference) => at(reference, 'uid') === owner && at(reference, 'blockOwnerDeletion') === true,
  );
}

function disown(world: World, dependent: string, owner: string): void {
  const found = world.store.find(dependent);
  if (found === null) return;
  const kept = asList(metaOf(found.object)['ownerReferences']).filter(
    (reference) => at(reference, 'uid') !== owner,
  );
  write(world, found, withMeta(found.object, { ownerReferences: kept.length === 0 ? undefined : kept }));
}

/** What is taken off belongs to nobody any longer. */
function write(world: World, { storeId, key, object: old }: Found, object: JsonObject): void {
  const kind = world.registry.ofStore(storeId);
  const who = { manager: 'kube-controller-manager', operation: 'Update', subresource: '' } as const;
  const time = timeText(world.clock.wallMs());
  world.store.put(storeId, key, kind === null ? object : ownByUpdate(old, object, kind, who, time));
}

/** Takes a finalizer off, and the object away when it was the last. */
export function dropFinalizer(world: World, uid: string, finalizer: string): void {
  const found = world.store.find(uid);
  if (found === null) return;
  const kept = asList(metaOf(found.object)['finalizers']).filter((name) => name !== finalizer);
  if (kept.length > 0) write(world, found, withMeta(found.object, { finalizers: kept }));
  else world.store.remove(found.storeId, found.key);
}
