import { type AnyObject, as, configMap, configMaps, deployment, deployments } from '../kube-cluster.ts';
import type { Chapter, Scene } from './scene.ts';

/** Server-side apply: who owns what, whom it takes fields from, and what becomes of fields that nobody names any longer. */
export const applyChapter: Chapter = {
  name: 'apply',
  async run(scene) {
    const since = await scene.now(configMaps);
    await maps(scene);
    await scene.create('create the last ConfigMap', configMaps, configMap(scene.namespace, 'last', {}));
    await scene.events(configMaps, since, 'ADDED last');
    await lists(scene);
    await statuses(scene);
  },
};

async function maps(scene: Scene): Promise<void> {
  const { namespace } = scene;
  const apply = (step: string, who: string, data: Readonly<Record<string, string>>, force = false) =>
    scene.apply(step, configMaps, configMap(namespace, 'a', data), who, { force });
  await apply('apply', 'one', { x: '1', y: '1' });
  await apply('apply the same', 'one', { x: '1', y: '1' });
  await apply('another applies the same value', 'two', { x: '1' });
  await apply('another applies other values', 'two', { x: '2', y: '2' });
  await apply('another takes a value over', 'two', { x: '2' }, true);
  await apply('give up a value', 'one', { y: '1' });
  await apply('add a value', 'one', { y: '1', z: '1' });
  await apply('drop a value', 'one', { y: '1' });
  await scene.merge('write by hand', configMaps, 'a', { data: { y: '3' } }, { fieldManager: 'hand' });
  await apply('apply over a hand', 'one', { y: '1' });
  await apply('apply over a hand by force', 'one', { y: '1' }, true);
  const odd = configMap(namespace, 'a', {});
  await scene.apply('apply an unknown field', configMaps, { ...odd, dataa: {} } as AnyObject, 'one');
  await scene.apply(
    'apply with an old resourceVersion',
    configMaps,
    configMap(namespace, 'a', {}, { resourceVersion: '1' }),
    'one',
  );
  await scene.apply(
    'apply with owned fields',
    configMaps,
    configMap(namespace, 'a', {}, { managedFields: [{ manager: 'x' }] }),
    'one',
  );
  await scene.replace('replace takes all over', configMaps, configMap(namespace, 'a', { y: '9' }), as);
  await scene.object(
    'apply for nothing but a try',
    scene.client.apply(configMaps, configMap(namespace, 'new', { x: '1' }), {
      fieldManager: 'one',
      dryRun: true,
    }),
  );
}

async function lists(scene: Scene): Promise<void> {
  const { namespace } = scene;
  const partial = (containers: readonly unknown[]): AnyObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: { template: { spec: { containers } } },
  });
  const apply = (step: string, who: string, containers: readonly unknown[]) =>
    scene.apply(step, deployments, partial(containers), who);
  await scene.create('create a Deployment', deployments, deployment(namespace, 'web'));
  await apply('apply a variable and a container', 'env', [
    { name: 'app', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] },
    { name: 'side', image: 'side:1' },
  ]);
  await apply('apply another variable', 'more', [{ name: 'app', env: [{ name: 'B', value: '2' }] }]);
  await apply('drop the variable and the container', 'env', [
    { name: 'app', ports: [{ containerPort: 80 }] },
  ]);
  await apply('apply an image of another', 'more', [{ name: 'app', image: 'shop:2' }]);
  await scene.apply(
    'apply replicas of another',
    deployments,
    { ...partial([]), spec: { replicas: 3 } },
    'scaler',
  );
  await scene.apply(
    'apply replicas of another by force',
    deployments,
    { ...partial([]), spec: { replicas: 3 } },
    'scaler',
    { force: true },
  );
  await scene.apply(
    'apply a Deployment that is not whole',
    deployments,
    {
      ...partial([]),
      metadata: { name: 'part', namespace },
      spec: { replicas: 1 },
    },
    'scaler',
  );
}

async function statuses(scene: Scene): Promise<void> {
  const status = (type: string, name = 'web'): AnyObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: scene.namespace },
    status: { conditions: [{ type, status: 'True', reason: 'Test' }] },
  });
  const options = { subresource: 'status' } as const;
  await scene.apply('apply a condition', deployments, status('One'), 'one', options);
  await scene.apply('apply another condition', deployments, status('Two'), 'two', options);
  await scene.apply('apply the status of nothing', deployments, status('One', 'none'), 'one', options);
}
