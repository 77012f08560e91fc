import type { DeleteOptions } from '../../../src/kube/client.ts';
import { type AnyObject, configMap, configMaps, namespaces } from '../kube-cluster.ts';
import type { Chapter, Scene } from './scene.ts';

const remove = (scene: Scene, name: string, options?: DeleteOptions): Promise<void> =>
  scene.client.remove(configMaps, scene.named(configMaps, name), options);

/** Preconditions, finalizers, and what garbage collection does about owners. */
export const deletionChapter: Chapter = {
  name: 'deletion',
  async run(scene) {
    const since = await scene.now(configMaps);
    await preconditions(scene);
    await finalizers(scene);
    for (const policy of ['Background', 'Foreground', 'Orphan'] as const) await owned(scene, policy);
    await scene.create('create the last one', configMaps, configMap(scene.namespace, 'last', {}));
    await scene.events(configMaps, since, 'ADDED last');
  },
};

async function preconditions(scene: Scene): Promise<void> {
  const made = await scene.create('create', configMaps, configMap(scene.namespace, 'a', {}));
  const { uid = '', resourceVersion = '' } = made.metadata;
  const other = '11111111-2222-3333-4444-555555555555';
  await scene.done('remove another of the name', remove(scene, 'a', { preconditions: { uid: other } }));
  await scene.done('remove an older one', remove(scene, 'a', { preconditions: { resourceVersion: '1' } }));
  await scene.done('remove this one', remove(scene, 'a', { preconditions: { uid, resourceVersion } }));
  await scene.done('remove what is gone', remove(scene, 'a'));
  await scene.done(
    'remove by a policy that is none',
    remove(scene, 'a', { propagationPolicy: 'Odd' as 'Orphan' }),
  );
}

async function finalizers(scene: Scene): Promise<void> {
  const held = configMap(
    scene.namespace,
    'held',
    { key: '1' },
    { finalizers: ['example.com/hold', 'example.com/two'] },
  );
  await scene.create('create what is held', configMaps, held);
  await scene.done('remove what is held', remove(scene, 'held'));
  await scene.get('get what is to go', configMaps, 'held');
  await scene.done('remove it again', remove(scene, 'held'));
  await scene.merge('change what is to go', configMaps, 'held', { data: { key: '2' } });
  const body = (names: readonly string[] | null) => ({ metadata: { finalizers: names } });
  await scene.merge('hold it more', configMaps, 'held', body(['example.com/hold', 'example.com/more']));
  await scene.merge('let go by half', configMaps, 'held', body(['example.com/two']));
  await scene.merge('let go', configMaps, 'held', body(null));
  await scene.get('get what has gone', configMaps, 'held');
}

async function owned(scene: Scene, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<void> {
  const owner = `owner-${propagationPolicy.toLowerCase()}`;
  const child = `child-${propagationPolicy.toLowerCase()}`;
  const made = await scene.create(`create ${owner}`, configMaps, configMap(scene.namespace, owner, {}));
  const reference = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: owner,
    uid: made.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
  const dependent = configMap(scene.namespace, child, {}, { ownerReferences: [reference] });
  await scene.create(`create ${child}`, configMaps, dependent);
  await scene.done(`remove ${owner}`, remove(scene, owner, { propagationPolicy }));
  await scene.untilGone(configMaps, owner);
  if (propagationPolicy === 'Orphan') await scene.get(`get ${child}`, configMaps, child);
  else await scene.untilGone(configMaps, child);
}

/** A namespace that goes, and takes all with it. */
export const namespaceChapter: Chapter = {
  name: 'namespaces',
  async run(scene) {
    const { client, namespace } = scene;
    await scene.get('get the namespace', namespaces, namespace);
    const since = await scene.now(configMaps);
    await scene.create('create', configMaps, configMap(namespace, 'free', {}));
    await scene.create('create what is held', configMaps, {
      ...configMap(namespace, 'held', {}, { finalizers: ['example.com/hold'] }),
    });
    const before = await client.get<AnyObject>(namespaces, { name: namespace });
    await scene.done('remove the namespace', client.remove(namespaces, { name: namespace }));
    await scene.until(
      'what is free is gone',
      async () => (await client.list(configMaps, { namespace })).items.length === 1,
    );
    await scene.until('the namespace says what it waits for', async () => {
      const { status } = await client.get<AnyObject>(namespaces, { name: namespace });
      return Array.isArray(status?.['conditions']);
    });
    await scene.get('get the namespace that goes', namespaces, namespace);
    await scene.done('remove the namespace again', client.remove(namespaces, { name: namespace }));
    await scene.create('create in what goes', configMaps, configMap(namespace, 'late', {}));
    await scene.merge('let go', configMaps, 'held', { metadata: { finalizers: null } });
    await scene.untilGone(namespaces, namespace);
    await scene.create('create in what is gone', configMaps, configMap(namespace, 'late', {}));
    await scene.replace('replace what is gone', namespaces, before);
    await scene.events(configMaps, since, 'DELETED held');
  },
};
