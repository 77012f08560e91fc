import { dropFinalizer } from './collector.ts';
import { storageVersion } from './custom-kinds.ts';
import {
  asList,
  asObject,
  asText,
  at,
  type Json,
  type JsonObject,
  metaOf,
  nameOf,
  namespaceOf,
  uidOf,
  withAt,
  without,
} from './json.ts';
import { ownByUpdate } from './managed-fields.ts';
import { removeObject } from './remove.ts';
import type { Change } from './watch-cache.ts';
import { timeText, type World } from './world.ts';

const storeId = 'customresourcedefinitions.apiextensions.k8s.io';
const cleanup = 'customresourcecleanup.apiextensions.k8s.io';

/** Establishes CRDs, serves their kinds, and empties those that are to go. `onWithdrawn`: nobody can watch the kind any longer. */
export function runCrds(world: World, delayMs: number, onWithdrawn: (storeId: string) => void): void {
  const later = (task: () => void): void => {
    world.clock.at(world.clock.nowMs() + delayMs, task);
  };
  world.store.onChange((change) => {
    if (change.storeId !== storeId) {
      if (change.type === 'DELETED') later(() => finishOf(world, change.storeId));
      return;
    }
    onCrd(world, change, later, onWithdrawn);
  });
}

function onCrd(
  world: World,
  { type, object, previous }: Change,
  later: (task: () => void) => void,
  onWithdrawn: (storeId: string) => void,
): void {
  const name = nameOf(object);
  if (type === 'DELETED') {
    world.registry.withdraw(name);
    onWithdrawn(name);
  } else if (metaOf(object)['deletionTimestamp'] !== undefined) later(() => emptyKind(world, name));
  else if (previous === null || previous['spec'] !== object['spec']) {
    if (isEstablished(object)) world.registry.serve(name, object);
    later(() => establish(world, name));
  } else if (isEstablished(object)) world.registry.serve(name, object);
}

function isEstablished(crd: JsonObject): boolean {
  return asList(at(crd, 'status', 'conditions')).some(
    (condition) => at(condition, 'type') === 'Established' && at(condition, 'status') === 'True',
  );
}

function establish(world: World, name: string): void {
  const crd = world.store.get(storeId, name);
  if (crd === null) return;
  const stored = asList(at(crd, 'status', 'storedVersions'));
  const current = storageVersion(crd);
  const storedVersions = stored.includes(current) ? stored : [...stored, current];
  if (isEstablished(crd) && storedVersions.length === stored.length) return;
  const lastTransitionTime = timeText(world.clock.wallMs());
  const condition = (type: string, reason: string, message: string): Json => ({
    type,
    status: 'True',
    reason,
    message,
    lastTransitionTime,
  });
  const established: JsonObject = {
    ...crd,
    status: {
      ...asObject(crd['status']),
      acceptedNames: without(asObject(at(crd, 'spec', 'names')), 'none'),
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
      storedVersions,
    },
  };
  const kind = world.registry.ofStore(storeId);
  const who = { manager: 'kube-apiserver', operation: 'Update', subresource: 'status' } as const;
  world.store.put(
    storeId,
    name,
    kind === null
      ? established
      : ownByUpdate(withAt(crd, ['status', 'conditions'], []), established, kind, who, lastTransitionTime),
  );
}

/** Deletes all objects of a kind that goes; the CRD goes with the last. */
function emptyKind(world: World, name: string): void {
  const kind = world.registry.ofStore(name);
  for (const [, object] of world.store.list(name)) {
    if (kind === null || metaOf(object)['deletionTimestamp'] !== undefined) continue;
    removeObject(world, { kind, namespace: namespaceOf(object), name: nameOf(object) }, { dryRun: false });
  }
  finishOf(world, name);
}

function finishOf(world: World, name: string): void {
  const crd = world.store.get(storeId, name);
  if (crd === null || metaOf(crd)['deletionTimestamp'] === undefined || world.store.list(name).length > 0)
    return;
  if (asList(metaOf(crd)['finalizers']).map(asText).includes(cleanup))
    dropFinalizer(world, uidOf(crd), cleanup);
}
