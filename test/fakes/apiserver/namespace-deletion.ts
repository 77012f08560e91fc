import { asList, asObject, at, metaOf, nameOf, namespaceOf } from './json.ts';
import { storeIdOf } from './kinds.ts';
import { removeObject } from './remove.ts';
import type { World } from './world.ts';

/** Empties namespaces that are to go, and lets them go once they are empty. */
export function deleteNamespaces(world: World, delayMs: number): void {
  const check = (name: string): void => {
    world.clock.at(world.clock.nowMs() + delayMs, () => empty(world, name));
  };
  world.store.onChange(({ storeId, type, object }) => {
    if (storeId === 'namespaces') {
      if (type !== 'DELETED' && isTerminating(world, nameOf(object))) check(nameOf(object));
    } else if (type === 'DELETED' && isTerminating(world, namespaceOf(object))) check(namespaceOf(object));
  });
}

function isTerminating({ store }: World, name: string): boolean {
  return at(store.get('namespaces', name) ?? {}, 'metadata', 'deletionTimestamp') !== undefined;
}

function empty(world: World, name: string): void {
  const namespace = world.store.get('namespaces', name);
  if (namespace === null || !isTerminating(world, name)) return;
  let left = 0;
  for (const kind of world.registry.stored.filter(({ namespaced }) => namespaced)) {
    for (const [, object] of world.store.list(storeIdOf(kind))) {
      if (namespaceOf(object) !== name) continue;
      left += 1;
      if (metaOf(object)['deletionTimestamp'] !== undefined) continue;
      const { done } = removeObject(
        world,
        { kind, namespace: name, name: nameOf(object) },
        { dryRun: false, propagationPolicy: 'Background' },
      );
      if (done) left -= 1;
    }
  }
  if (left > 0) return;
  const kept = asList(at(namespace, 'spec', 'finalizers')).filter((finalizer) => finalizer !== 'kubernetes');
  world.store.put('namespaces', name, {
    ...namespace,
    spec: { ...asObject(namespace['spec']), finalizers: kept },
  });
  if (kept.length === 0 && asList(metaOf(namespace)['finalizers']).length === 0)
    world.store.remove('namespaces', name);
}
