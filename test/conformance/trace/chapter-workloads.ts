import { type AnyObject, as, deployment, deployments, pods } from '../kube-cluster.ts';
import type { Chapter, Scene } from './scene.ts';

type Body = Readonly<Record<string, unknown>>;

/** Deployments and Pods, which nobody runs: defaults, validation, status, scale, grace. */
export const workloadChapter: Chapter = {
  name: 'workloads',
  async run(scene) {
    const since = await scene.now(deployments);
    await deploymentSpecs(scene);
    await deploymentStatus(scene);
    await deploymentScale(scene);
    await scene.create('create the last Deployment', deployments, deployment(scene.namespace, 'last'));
    await scene.events(deployments, since, 'ADDED last');
    const sincePods = await scene.now(pods);
    await podLife(scene);
    await scene.create('create the last Pod', pods, pod(scene, 'last'));
    await scene.events(pods, sincePods, 'ADDED last');
  },
};

async function deploymentSpecs(scene: Scene): Promise<void> {
  const { namespace } = scene;
  const create = (step: string, spec: Body, name = 'wrong') =>
    scene.create(step, deployments, deployment(namespace, name, spec));
  const containers = [
    {
      name: 'app',
      image: 'shop',
      ports: [{ containerPort: 8080 }],
      env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
      resources: { requests: { cpu: '100m', memory: '64Mi' } },
      volumeMounts: [{ name: 'settings', mountPath: '/settings' }],
    },
  ];
  const spec = { containers, volumes: [{ name: 'settings', configMap: { name: 'settings' } }] };
  const template = { metadata: { labels: { app: 'web' } }, spec };
  const { replicas: _, paused: __, ...rest } = deployment(namespace, 'web').spec ?? {};
  const whole = { ...deployment(namespace, 'web'), spec: { ...rest, template } };
  await scene.create('create a Deployment', deployments, whole);
  await create('create a Deployment without a selector', { selector: undefined });
  await create('create a Deployment that does not select its pods', {
    selector: { matchLabels: { a: 'b' } },
  });
  await create('create a Deployment without containers', {
    template: { metadata: { labels: { app: 'wrong' } }, spec: { containers: [] } },
  });
  await create('create a Deployment of less than nothing', { replicas: -1 });
  await create('create a Deployment of an unknown strategy', { strategy: { type: 'Canary' } });
  await create('create a Deployment with an unknown field', { replica: 1 });
  await scene.merge('change the selector', deployments, 'web', {
    spec: { selector: { matchLabels: { app: 'other' } } },
  });
  await scene.merge('label a Deployment', deployments, 'web', { metadata: { labels: { tier: 'front' } } });
  await scene.patch('change an image', deployments, 'web', {
    type: 'strategic',
    body: {
      spec: {
        template: {
          spec: { containers: [{ name: 'app', image: 'shop:2', env: [{ name: 'A', value: '1' }] }] },
        },
      },
    },
  });
  await scene.patch('take a variable off and a container on', deployments, 'web', {
    type: 'strategic',
    body: {
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'app', env: [{ name: 'POD', $patch: 'delete' }] },
              { name: 'side', image: 'side:1' },
            ],
          },
        },
      },
    },
  });
  await scene.merge('change to Recreate', deployments, 'web', {
    spec: { strategy: { type: 'Recreate', rollingUpdate: null } },
  });
}

async function deploymentStatus(scene: Scene): Promise<void> {
  const status = { ...as, subresource: 'status' } as const;
  await scene.merge('a status by the wrong door', deployments, 'web', { status: { replicas: 3 } });
  await scene.merge(
    'merge a status',
    deployments,
    'web',
    { status: { replicas: 1, observedGeneration: 2 } },
    status,
  );
  await scene.merge('a spec by the door of status', deployments, 'web', { spec: { replicas: 9 } }, status);
  await scene.merge(
    'a label by the door of status',
    deployments,
    'web',
    { metadata: { labels: { a: 'b' } } },
    status,
  );
  await scene.merge(
    'a status of less than nothing',
    deployments,
    'web',
    { status: { replicas: -1 } },
    status,
  );
  const seen = await scene.get('get a Deployment', deployments, 'web');
  const condition = { type: 'Available', status: 'True', reason: 'Tested', message: 'yes' };
  await scene.replace(
    'replace a status',
    deployments,
    { ...seen, status: { observedGeneration: 3, conditions: [condition] } },
    status,
  );
}

async function deploymentScale(scene: Scene): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${scene.namespace}/deployments/web/scale`;
  const how = { ...as, subresource: 'scale' } as const;
  await scene.object('get a scale', scene.client.raw(path));
  await scene.merge('merge a scale', deployments, 'web', { spec: { replicas: 4 } }, how);
  await scene.merge('a scale of less than nothing', deployments, 'web', { spec: { replicas: -1 } }, how);
  await scene.get('get what was scaled', deployments, 'web');
}

/** Nobody schedules it. */
function pod({ namespace }: Scene, name: string, spec: Body = {}): AnyObject {
  const containers = [{ name: 'app', image: 'shop:1' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: 'web' } },
    spec: { schedulerName: 'nobody', automountServiceAccountToken: false, containers, ...spec },
  };
}

async function podLife(scene: Scene): Promise<void> {
  const { client } = scene;
  const status = { ...as, subresource: 'status' } as const;
  await scene.create('create a Pod', pods, pod(scene, 'web'));
  await scene.create('create a Pod without containers', pods, pod(scene, 'wrong', { containers: [] }));
  await scene.create('create a Pod of two containers of one name', pods, {
    ...pod(scene, 'wrong', {
      containers: [
        { name: 'a', image: 'a' },
        { name: 'a', image: 'a' },
      ],
    }),
  });
  await scene.create(
    'create a Pod that restarts at times',
    pods,
    pod(scene, 'wrong', { restartPolicy: 'Sometimes' }),
  );
  await scene.merge('change the image of a Pod', pods, 'web', {
    spec: { containers: [{ name: 'app', image: 'shop:2' }] },
  });
  await scene.merge('change the node of a Pod', pods, 'web', { spec: { nodeName: 'other' } });
  await scene.merge(
    'merge the status of a Pod',
    pods,
    'web',
    { status: { phase: 'Running', podIP: '10.244.0.9' } },
    status,
  );
  await scene.list(
    'list running Pods',
    client.list<AnyObject>(pods, { namespace: scene.namespace, fieldSelector: 'status.phase=Running' }),
  );
  await scene.done('remove a Pod that runs nowhere', client.remove(pods, scene.named(pods, 'web')));
  const bound = { nodeName: 'nowhere', terminationGracePeriodSeconds: 60 };
  await scene.create('create a Pod on a node', pods, pod(scene, 'bound', bound));
  await scene.done('remove a Pod on a node', client.remove(pods, scene.named(pods, 'bound')));
  await scene.get('get a Pod that goes', pods, 'bound');
  await scene.done(
    'remove it sooner',
    client.remove(pods, scene.named(pods, 'bound'), { gracePeriodSeconds: 5 }),
  );
  await scene.get('get a Pod that goes sooner', pods, 'bound');
  await scene.done(
    'remove it now',
    client.remove(pods, scene.named(pods, 'bound'), { gracePeriodSeconds: 0 }),
  );
  await scene.get('get a Pod that is gone', pods, 'bound');
}
