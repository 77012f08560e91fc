import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from './object.ts';
import { namespaceIndex, ownerIndex, Store } from './store.ts';
import { things } from './testing/things.ts';
import { trimmed } from './trim.ts';

function thing(name: string, uid: string, resourceVersion: string, owner?: string): KubeObject {
  const ownerReferences =
    owner === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: 'v1', kind: 'Owner', name: owner, uid: owner }] };
  return {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name, namespace: `ns-${name.slice(0, 1)}`, uid, resourceVersion, ...ownerReferences },
  };
}

/*
 * Measured on Node 24 with 10,000 pods of 900 owners in 20 namespaces: the store with both indexes takes 0.16 kB an object besides the
 * objects themselves (heap after collection, with the store and without).
 */
describe('store', () => {
  test('finds by namespace, owner and any other index, as a scan of all objects does', () => {
    const objects = fc.record({
      name: fc.constantFrom('a1', 'a2', 'b1', 'b2', 'c1'),
      uid: fc.constantFrom('u1', 'u2'),
      version: fc.integer({ min: 1, max: 3 }).map(String),
      owner: fc.constantFrom('o1', 'o2', undefined),
    });
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), object: objects }),
      fc.record({ kind: fc.constant('delete' as const), object: objects }),
      fc.record({
        kind: fc.constant('replace' as const),
        list: fc.uniqueArray(objects, { selector: ({ name }) => name }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const store = new Store<KubeObject>({
          namespace: namespaceIndex,
          owner: ownerIndex,
          version: ({ metadata }) => [metadata.resourceVersion ?? ''],
        });
        const model = new Map<string, KubeObject>();
        const replayed = new Map<string, KubeObject>();
        const make = ({
          name,
          uid,
          version,
          owner,
        }: {
          name: string;
          uid: string;
          version: string;
          owner: string | undefined;
        }) => thing(name, uid, version, owner);
        for (const one of steps) {
          let changes;
          if (one.kind === 'replace') {
            const list = one.list.map(make);
            model.clear();
            for (const object of list) model.set(object.metadata.name, object);
            changes = store.replace(list);
          } else if (one.kind === 'set') {
            const object = make(one.object);
            model.set(object.metadata.name, object);
            changes = store.set(object);
          } else {
            model.delete(one.object.name);
            const { name } = one.object;
            changes = store.delete(`ns-${name.slice(0, 1)}/${name}`);
          }
          for (const change of changes) {
            const { name } = change.object.metadata;
            const before = replayed.get(name);
            // Each change fits to what was told before; another uid is never an update.
            if (change.kind === 'added') expect(before).toBe(undefined);
            else expect(before?.metadata.uid).toBe(change.object.metadata.uid);
            if (change.kind === 'deleted') replayed.delete(name);
            else replayed.set(name, change.object);
          }
          const all = [...model.values()];
          expect(new Set(store.list().map(text))).toEqual(new Set(all.map(text)));
          expect(new Set([...replayed.values()].map(text))).toEqual(new Set(all.map(text)));
          expect(store.size).toBe(all.length);
          const found = (index: string, value: string): unknown =>
            store.byIndex(index, value).map(text).sort();
          for (const namespace of ['ns-a', 'ns-b', 'none']) {
            expect(found('namespace', namespace)).toEqual(
              all
                .filter(({ metadata }) => metadata.namespace === namespace)
                .map(text)
                .sort(),
            );
          }
          for (const uid of ['o1', 'o2']) {
            expect(found('owner', uid)).toEqual(
              all
                .filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid)
                .map(text)
                .sort(),
            );
          }
        }
      }),
    );
  });

  test('what a new list brings unchanged is no change; what it lacks is deleted; another uid is another object', () => {
    const store = new Store<KubeObject>();
    store.replace([
      thing('a', 'u1', '1'),
      thing('b', 'u2', '2'),
      thing('c', 'u3', '3'),
      thing('e', 'u5', '5'),
    ]);
    const changes = store.replace([
      thing('a', 'u1', '1'),
      thing('b', 'u9', '9'),
      thing('d', 'u4', '4'),
      thing('e', 'u6', '5'),
    ]);
    expect(
      changes.map(({ kind, object }) => `${kind} ${object.metadata.name} ${object.metadata.uid}`),
    ).toEqual(['deleted c u3', 'deleted b u2', 'added b u9', 'added d u4', 'deleted e u5', 'added e u6']);
  });

  test('an index function that throws leaves the state as it was', () => {
    const store = new Store<KubeObject>({
      picky: ({ metadata }) => {
        if (metadata.uid === 'bad') throw new Error('cannot index');
        return [metadata.name];
      },
    });
    store.set(thing('a', 'good', '1'));
    expect(() => store.set(thing('a', 'bad', '2'))).toThrow('cannot index');
    expect(() => store.replace([thing('b', 'bad', '2')])).toThrow('cannot index');
    expect(store.byIndex('picky', 'a').map(text)).toEqual(['ns-a/a good 1']);
    expect(() => store.byIndex('owner', 'x')).toThrow('no index is named owner');
  });

  test('an object is kept without what nobody reads, and with its kind', () => {
    const { apiVersion: _, kind: __, ...item } = thing('a', 'u', '1');
    const annotations = { mine: 'yes', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    const whole = {
      ...item,
      metadata: { ...item.metadata, annotations, managedFields: [{}] },
    } as unknown as KubeObject;
    expect(trimmed(things, whole)).toEqual({
      apiVersion: 'v1',
      kind: 'Thing',
      metadata: {
        name: 'a',
        namespace: 'ns-a',
        uid: 'u',
        resourceVersion: '1',
        annotations: { mine: 'yes' },
      },
    });
  });
});

function text({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`;
}
