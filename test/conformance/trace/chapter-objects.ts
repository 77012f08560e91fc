import type { JsonPatch } from '../../../src/kube/client.ts';
import { type AnyObject, as, configMap, configMaps } from '../kube-cluster.ts';
import type { Chapter, Scene } from './scene.ts';

/** Writes of plain objects, what is refused, and what their watchers hear. */
export const configMapChapter: Chapter = {
  name: 'ConfigMaps',
  async run(scene) {
    const since = await scene.now(configMaps);
    const made = await creations(scene);
    await replacements(scene, made);
    await patches(scene);
    await immutable(scene);
    await scene.create('create the last one', configMaps, configMap(scene.namespace, 'last', {}));
    await scene.events(configMaps, since, 'ADDED last');
  },
};

async function creations(scene: Scene): Promise<AnyObject> {
  const { namespace } = scene;
  const sent = configMap(namespace, 'a', { key: '1' }, { labels: { app: 'a' }, annotations: { note: 'x' } });
  const made = await scene.create('create', configMaps, sent);
  await scene.create('create it again', configMaps, sent);
  await scene.create('create with a resourceVersion', configMaps, {
    ...configMap(namespace, 'b', {}, { resourceVersion: '1' }),
  });
  await scene.create('create with a name that is none', configMaps, configMap(namespace, 'No_Name', {}));
  await scene.create('create without a name', configMaps, configMap(namespace, '', {}));
  await scene.create('create with a generated name', configMaps, {
    ...configMap(namespace, '', {}, { generateName: 'made-' }),
  });
  await scene.create('create with labels that are none', configMaps, {
    ...configMap(namespace, 'b', {}, { labels: { '-a': '1', b: 'no label' } }),
  });
  await scene.create('create with a finalizer without a domain', configMaps, {
    ...configMap(namespace, 'b', {}, { finalizers: ['hold'] }),
  });
  await scene.create('create with a key that is none', configMaps, configMap(namespace, 'b', { 'a b': '1' }));
  const odd = configMap(namespace, 'b', {});
  await scene.create('create with an unknown field', configMaps, { ...odd, dataa: {} } as AnyObject);
  await scene.create('create with a number for a text', configMaps, {
    ...odd,
    data: { key: 1 as unknown as string },
  });
  await scene.create('create as another kind', configMaps, { ...odd, kind: 'Secret' });
  await scene.create('create for nothing but a try', configMaps, odd, { ...as, dryRun: true });
  await scene.get('get', configMaps, 'a');
  await scene.get('get what is not there', configMaps, 'b');
  return made;
}

async function replacements(scene: Scene, made: AnyObject): Promise<void> {
  const changed = await scene.replace('replace', configMaps, { ...made, data: { key: '2' } });
  await scene.replace('replace what was replaced', configMaps, { ...made, data: { key: '3' } });
  await scene.replace('replace by the same', configMaps, changed);
  await scene.replace('replace without a resourceVersion', configMaps, {
    ...configMap(scene.namespace, 'a', { key: '4', more: 'x' }, { labels: { app: 'a' } }),
  });
  await scene.replace('replace what is not there', configMaps, configMap(scene.namespace, 'b', {}));
  await scene.replace('replace under another uid', configMaps, {
    ...configMap(scene.namespace, 'a', {}, { uid: '11111111-2222-3333-4444-555555555555' }),
  });
}

async function patches(scene: Scene): Promise<void> {
  const merge = (step: string, body: unknown) => scene.merge(step, configMaps, 'a', body);
  const patch = (step: string, body: JsonPatch) => scene.patch(step, configMaps, 'a', { type: 'json', body });
  await merge('merge', { data: { key: null, added: 'y' }, metadata: { annotations: { note: 'z' } } });
  await merge('merge nothing', {});
  await merge('merge with an unknown field', { dataa: { key: '1' } });
  await merge('merge another name', { metadata: { name: 'b' } });
  await merge('merge another uid', { metadata: { uid: '11111111-2222-3333-4444-555555555555' } });
  await merge('merge with an old resourceVersion', { metadata: { resourceVersion: '1' }, data: {} });
  await scene.merge('merge into what is not there', configMaps, 'b', { data: {} });
  await scene.merge(
    'merge for nothing but a try',
    configMaps,
    'a',
    { data: { tried: '1' } },
    {
      ...as,
      dryRun: true,
    },
  );
  await patch('patch by operations', [
    { op: 'test', path: '/data/added', value: 'y' },
    { op: 'add', path: '/data/a~1b', value: '1' },
    { op: 'remove', path: '/data/a~1b' },
    { op: 'replace', path: '/data/added', value: 'z' },
  ]);
  await patch('patch what is not so', [{ op: 'test', path: '/data/added', value: 'y' }]);
  await patch('patch where nothing is', [{ op: 'remove', path: '/data/none' }]);
  await scene.patch('merge strategically', configMaps, 'a', {
    type: 'strategic',
    body: { data: { more: null, again: '1' } },
  });
}

async function immutable(scene: Scene): Promise<void> {
  const merge = (step: string, body: unknown) => scene.merge(step, configMaps, 'fixed', body);
  const fixed = { ...configMap(scene.namespace, 'fixed', { key: '1' }), immutable: true };
  await scene.create('create an immutable one', configMaps, fixed);
  await merge('change what is immutable', { data: { key: '2' } });
  await merge('make it mutable', { immutable: false });
  await scene.done('remove it', scene.client.remove(configMaps, scene.named(configMaps, 'fixed')));
  await scene.done('remove it again', scene.client.remove(configMaps, scene.named(configMaps, 'fixed')));
}
