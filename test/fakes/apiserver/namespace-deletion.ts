import { asList, asObject, at, metaOf, nameOf, namespaceOf } from './json.ts';
import { storeIdOf } from './kinds.ts';
import { conditionsOf, type Remains } from './namespace-conditions.ts';
import { removeObject } from './remove.ts';
import { timeText, type World } from './world.ts';
import { patchObject } from './write.ts';

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
  for (const { kind, objects } of remainsIn(world, name)) {
    for (const object of objects) {
      if (metaOf(object)['deletionTimestamp'] !== undefined) continue;
      removeObject(
        world,
        { kind, namespace: name, name: nameOf(object) },
        { dryRun: false, propagationPolicy: 'Background' },
      );
    }
  }
  const remains = remainsIn(world, name);
  if (remains.length > 0) return tell(world, name, remains);
  const kept = asList(at(namespace, 'spec', 'finalizers')).filter((finalizer) => finalizer !== 'kubernetes');
  world.store.put('namespaces', name, {
    ...namespace,
    spec: { ...asObject(namespace['spec']), finalizers: kept },
  });
  if (kept.length === 0 && asList(metaOf(namespace)['finalizers']).length === 0)
    world.store.remove('namespaces', name);
}

function remainsIn(world: World, name: string): readonly Remains[] {
  return world.registry.stored
    .filter(({ namespaced }) => namespaced)
    .map((kind) => {
      const all = world.store.list(storeIdOf(kind)).map(([, object]) => object);
      return { kind, objects: all.filter((object) => namespaceOf(object) === name) };
    })
    .filter(({ objects }) => objects.length > 0);
}

function tell(world: World, name: string, remains: readonly Remains[]): void {
  const kind = world.registry.ofStore('namespaces');
  const namespace = world.store.get('namespaces', name);
  if (kind === null || namespace === null) return;
  const time = timeText(world.clock.wallMs());
  const conditions = conditionsOf(remains, at(namespace, 'status', 'conditions'), time);
  patchObject(
    world,
    { kind, namespace: '', name },
    { type: 'merge', body: { status: { conditions } } },
    { manager: 'kube-controller-manager', subresource: 'status', strict: false, dryRun: false },
  );
}
