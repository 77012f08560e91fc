import type { ListOptions } from '../../../src/kube/client.ts';
import { type AnyObject, as, configMap, configMaps, pods } from '../kube-cluster.ts';
import type { Chapter, Scene } from './scene.ts';

/** Selectors, pages, resourceVersions, and watches through selectors. */
export const listChapter: Chapter = {
  name: 'lists',
  async run(scene) {
    const since = await scene.now(configMaps);
    for (const [name, labels] of Object.entries(labelled)) {
      await scene.create(`create ${name}`, configMaps, configMap(scene.namespace, name, {}, { labels }));
    }
    await selectors(scene);
    await pages(scene);
    await comingAndGoing(scene);
    for (const labelSelector of ['app=web', 'app!=web', 'tier in (back),app', '!tier']) {
      await scene.events(configMaps, since, 'ADDED last', { labelSelector });
    }
    await scene.events(configMaps, since, 'ADDED last', { fieldSelector: 'metadata.name!=a' });
    await scene.events(configMaps, 'abc', 'ADDED last');
  },
};

const labelled: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  a: { app: 'web', tier: 'front' },
  b: { app: 'web', tier: 'back' },
  c: { app: 'api' },
  d: {},
};

async function selectors(scene: Scene): Promise<void> {
  const list = (options: ListOptions) =>
    scene.client.list<AnyObject>(configMaps, { namespace: scene.namespace, ...options });
  for (const labelSelector of [
    'app=web',
    'app!=web',
    'app in (web,api),tier',
    'tier notin (front)',
    '!app',
    'app in web',
    'app=not a label',
    '=web',
  ]) {
    await scene.list(`list ${labelSelector}`, list({ labelSelector }));
  }
  for (const fieldSelector of ['metadata.name=b', 'metadata.name!=b', 'data.key=1', 'metadata.name']) {
    await scene.list(`list by field ${fieldSelector}`, list({ fieldSelector }));
  }
  await scene.list(
    'list Pods by a field that is none',
    scene.client.list<AnyObject>(pods, { namespace: scene.namespace, fieldSelector: 'spec.image=a' }),
  );
}

async function pages(scene: Scene): Promise<void> {
  const list = (options: ListOptions) =>
    scene.client.list<AnyObject>(configMaps, { namespace: scene.namespace, ...options });
  const first = await scene.list('list a page', list({ limit: 3 }));
  const { resourceVersion } = first.metadata;
  const token = first.metadata.continue ?? '';
  await scene.merge('change what is on the next page', configMaps, 'd', { data: { key: '1' } });
  await scene.list('list the next page', list({ limit: 3, continue: token }));
  await scene.list('list a page of a selector', list({ limit: 1, labelSelector: 'app=web' }));
  await scene.list('list as it was', list({ resourceVersion, resourceVersionMatch: 'Exact' }));
  await scene.list('list not older than', list({ resourceVersion, resourceVersionMatch: 'NotOlderThan' }));
  await scene.list('list a page that is none', list({ limit: 3, continue: 'none' }));
  await scene.list('list a page of another version', list({ continue: token, resourceVersion }));
  await scene.list('list with a match and no version', list({ resourceVersionMatch: 'Exact' }));
  await scene.list('list exactly anything', list({ resourceVersion: '0', resourceVersionMatch: 'Exact' }));
  await scene.list('list of a version that is none', list({ resourceVersion: 'abc' }));
  await scene.list(
    'list a kind that is none',
    scene.client.list<AnyObject>({ ...configMaps, plural: 'nothings' }, { namespace: scene.namespace }),
  );
}

async function comingAndGoing(scene: Scene): Promise<void> {
  const label = (step: string, name: string, app: string | null) =>
    scene.merge(step, configMaps, name, { metadata: { labels: { app } } });
  await label('move c into the selector', 'c', 'web');
  await scene.merge('change c', configMaps, 'c', { data: { key: '1' } });
  await label('move c out of it', 'c', null);
  await scene.done('remove a', scene.client.remove(configMaps, scene.named(configMaps, 'a')));
  for (const [name, labels] of [
    ['last-web', { app: 'web' }],
    ['last-api', { app: 'api', tier: 'back' }],
    ['last-none', {}],
  ] as const) {
    await scene.create(`create ${name}`, configMaps, configMap(scene.namespace, name, {}, { labels }), as);
  }
}
