import type { Probe } from 'kubernetes-types/core/v1.js';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { loadConfig } from '../../../src/kube/config/load-config.ts';
import { isKubeError } from '../../../src/kube/kube-error.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import { createKubeClient } from '../../../src/kube/rest/create-kube-client.ts';
import type { ControlPlane } from '../control-plane.ts';
import { eventually } from '../eventually.ts';
import { startControlPlane } from '../start-control-plane.ts';
import { httpGet, Load } from './load.ts';
import { type Container, type Pod, type PodSpec, pods } from './pod/pod.ts';
import { type KubeletHandle, startKubelet } from './start-kubelet.ts';

const core = (plural: string, kind: string): Resource => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced: kind !== 'Node',
});
const deployments: Resource = { ...core('deployments', 'Deployment'), group: 'apps' };
const namespace = 'default';
const writes = { fieldManager: 'test' };

type Deployment = KubeObject & {
  readonly spec: object;
  readonly status?: {
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly replicas?: number;
  };
};

/** `npm run test:cluster` says so where pods can have no addresses; a cluster that was there before has kubelets of its own. */
const possible =
  process.env['SLUICE_CLUSTER_NETWORK'] === 'inside' && process.env['USE_EXISTING_CLUSTER'] !== 'true';

describe.runIf(possible)('the process kubelet', () => {
  let plane: ControlPlane;
  let kubelet: KubeletHandle;
  let client: KubeClient;

  beforeAll(async () => {
    plane = await startControlPlane();
    client = createKubeClient(await loadConfig({ env: {}, homeFolder: '', kubeconfig: plane.kubeconfig }));
    kubelet = await startKubelet(plane, {
      crashPolicy: { baseMs: 1000, maxMs: 2000 },
      volumeRefreshMs: 500,
    });
  });
  afterAll(async () => {
    await kubelet?.stop();
    await client?.close();
    await plane?.stop();
  });

  const read = (name: string): Promise<Pod> => client.get<Pod>(pods, { namespace, name });
  async function create(name: string, spec: PodSpec, labels: Record<string, string> = {}): Promise<Pod> {
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec };
    return await client.create(pods, pod, writes);
  }
  const until = (name: string, look: (pod: Pod) => boolean): Promise<Pod> =>
    eventually(async () => {
      const pod = await read(name);
      if (look(pod)) return pod;
      throw new Error(JSON.stringify(pod.status, null, 1));
    });
  const gone = (name: string): Promise<true> =>
    eventually(async () => {
      try {
        await read(name);
        return null;
      } catch (thrown) {
        if (isKubeError(thrown, 'NotFound')) return true;
        throw thrown;
      }
    });
  const remove = (name: string, gracePeriodSeconds?: number): Promise<void> =>
    client.remove(pods, { namespace, name }, gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds });
  const get = async (pod: Pod, path: string): Promise<unknown> => {
    const { status, body, error } = await httpGet(`http://${pod.status?.podIP}:8080${path}`);
    if (error !== null) throw new Error(error);
    return status === 200 ? JSON.parse(body) : status;
  };
  const refuses = (pod: Pod): Promise<true> =>
    eventually(async () => {
      const { error } = await httpGet(`http://${pod.status?.podIP}:8080/`);
      return error === 'ECONNREFUSED' ? true : null;
    });
  const logOf = (pod: Pod, attempt = 0): string =>
    readFileSync(join(kubelet.folder, 'pods', pod.metadata.uid ?? '', `runs/app/${attempt}.log`), 'utf8');

  test('its node is Ready and bears no taint', async () => {
    const node = await client.get<KubeObject & { spec: object; status: { conditions: readonly object[] } }>(
      core('nodes', 'Node'),
      { name: 'node-1' },
    );
    expect(node.spec).toEqual({});
    expect(node.status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
  });

  test('ConfigMaps, Secrets and fields arrive as variables and files, and change in the files', async () => {
    const configMap = { ...core('configmaps', 'ConfigMap') };
    const config = (greeting: string): KubeObject & { readonly data: Record<string, string> } => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'config', namespace },
      data: { greeting, COLOUR: 'blue' },
    });
    const secret: KubeObject & { readonly stringData: Record<string, string> } = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'secret', namespace },
      stringData: { password: 'hush' },
    };
    await create('configured', {
      containers: [
        app('app:v1', {
          envFrom: [{ configMapRef: { name: 'config' }, prefix: 'C_' }],
          env: [
            { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'secret', key: 'password' } } },
            { name: 'WHO', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'WHERE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
            { name: 'ADDRESS', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'TEXT', value: '$(WHO) at $(ADDRESS)' },
          ],
          volumeMounts: [{ name: 'config', mountPath: '/etc/config' }],
        }),
      ],
      volumes: [{ name: 'config', configMap: { name: 'config' } }],
    });
    const address = await until('configured', (pod) => pod.status?.podIP !== undefined);
    expect(address.status?.phase).toBe('Pending');
    await client.create(configMap, config('hello'), writes);
    const waiting = await until(
      'configured',
      (pod) => waitingOf(pod)?.reason === 'CreateContainerConfigError',
    );
    expect(waitingOf(waiting)?.message).toBe('secret "secret" not found');
    await client.create(core('secrets', 'Secret'), secret, writes);
    const pod = await until('configured', isReady);
    const ip = pod.status?.podIP ?? '';
    expect(ip.startsWith('10.244.')).toBe(true);
    expect(await get(pod, '/env')).toMatchObject({
      C_greeting: 'hello',
      C_COLOUR: 'blue',
      PASSWORD: 'hush',
      WHO: 'configured',
      WHERE: 'node-1',
      ADDRESS: ip,
      TEXT: `configured at ${ip}`,
      VERSION: 'v1',
      POD_IP: ip,
      PORT: '8080',
    });
    const file = async (path: string): Promise<unknown> => get(pod, `/files${path}`);
    expect(await file('/etc/config/greeting')).toMatchObject({ text: 'hello' });
    const account = '/var/run/secrets/kubernetes.io/serviceaccount';
    expect(await file(`${account}/namespace`)).toMatchObject({ text: 'default' });
    expect(await file(`${account}/ca.crt`)).toMatchObject({ text: plane.caPem });
    await client.patch(
      configMap,
      { namespace, name: 'config' },
      { type: 'merge', body: config('goodbye') },
      writes,
    );
    await eventually(async () =>
      JSON.stringify(await file('/etc/config/greeting')).includes('goodbye') ? true : null,
    );
    await remove('configured', 1);
  });

  test('a program in a pod speaks to the API server as the ServiceAccount of its pod', async () => {
    await create('inside', { containers: [app('app:v1')] });
    const pod = await until('inside', isReady);
    const env = (await get(pod, '/env')) as Record<string, string>;
    const config = await loadConfig({
      env,
      homeFolder: '',
      serviceAccountFolder: join(env['POD_ROOT'] ?? '', '/var/run/secrets/kubernetes.io/serviceaccount'),
    });
    const own = createKubeClient(config);
    type Review = KubeObject & { readonly status?: { readonly userInfo: object } };
    const review: Review = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: { name: '' },
    };
    const reviews: Resource = {
      group: 'authentication.k8s.io',
      version: 'v1',
      plural: 'selfsubjectreviews',
      kind: 'SelfSubjectReview',
      namespaced: false,
    };
    const answer = await own.create<Review>(reviews, review, writes);
    expect(answer.status?.userInfo).toMatchObject({
      username: 'system:serviceaccount:default:default',
      extra: {
        'authentication.kubernetes.io/pod-name': ['inside'],
        'authentication.kubernetes.io/node-name': ['node-1'],
      },
    });
    await own.close();
    await remove('inside', 1);
  });

  test('a crash loop, a pod that is never ready, one that boots slowly, an image that there is none of', async () => {
    await Promise.all([
      create('crashing', { containers: [app('app:v1-crash')] }),
      create('never', { containers: [app('app:v1-never')] }),
      create('slow', {
        containers: [app('app:v1-slow', { startupProbe: { ...probe('/healthz'), failureThreshold: 30 } })],
      }),
      create('unknown', { containers: [app('app')] }),
    ]);
    const slow = await until(
      'slow',
      (pod) => pod.status?.containerStatuses?.[0]?.state?.running !== undefined,
    );
    expect(slow.status?.containerStatuses?.[0]).toMatchObject({ started: false, ready: false });
    expect(slow.status?.phase).toBe('Running');
    const crashing = await until('crashing', (pod) => waitingOf(pod)?.reason === 'CrashLoopBackOff');
    expect(crashing.status?.phase).toBe('Running');
    const message: unknown = expect.stringMatching(/^back-off [12]s restarting failed container=app$/);
    expect(crashing.status?.containerStatuses?.[0]).toMatchObject({
      ready: false,
      state: { waiting: { message } },
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    });
    await until('crashing', (pod) => (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2);
    const booted = await until('slow', isReady);
    expect(booted.status?.containerStatuses?.[0]).toMatchObject({ started: true, restartCount: 0 });
    const condition = booted.status?.conditions?.find(({ type }) => type === 'Ready');
    expect(Object.keys(condition ?? {}).toSorted()).toEqual([
      'lastProbeTime',
      'lastTransitionTime',
      'status',
      'type',
    ]);
    expect(waitingOf(await read('unknown'))).toEqual({
      reason: 'ErrImagePull',
      message: 'no program is known for image "app"',
    });
    const never = await read('never');
    expect(never.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [app]',
    });
    expect(never.status?.containerStatuses?.[0]?.state?.running).toBeDefined();
    await Promise.all(['crashing', 'never', 'slow', 'unknown'].map((name) => remove(name)));
    await Promise.all(['crashing', 'never', 'slow', 'unknown'].map(gone));
  });

  test('a liveness probe that fails restarts; a readiness gate holds Ready', async () => {
    await create('gated', {
      readinessGates: [{ conditionType: 'sluice.dev/in-route' }],
      containers: [app('app:v1', { livenessProbe: { ...probe('/healthz'), failureThreshold: 2 } })],
    });
    const held = await until('gated', (pod) => isTrue(pod, 'ContainersReady'));
    expect(isReady(held)).toBe(false);
    const status = { conditions: [{ type: 'sluice.dev/in-route', status: 'True' }] };
    const body = { status };
    await client.patch(
      pods,
      { namespace, name: 'gated' },
      { type: 'strategic', body },
      { ...writes, subresource: 'status' },
    );
    const pod = await until('gated', isReady);
    expect(isTrue(pod, 'sluice.dev/in-route')).toBe(true);
    await get(pod, '/sick');
    const restarted = await until(
      'gated',
      (now) => now.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(now),
    );
    expect(restarted.status?.podIP).toBe(pod.status?.podIP);
    expect(restarted.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(0);
    expect(isTrue(restarted, 'sluice.dev/in-route')).toBe(true);
    await remove('gated', 1);
  });

  test('preStop comes before SIGTERM, SIGKILL at the end of the grace; what ends by itself has succeeded', async () => {
    const hook = { exec: { command: ['sh', '-c', 'date +%s%3N > hooked'] } };
    await Promise.all([
      create('stuck', {
        terminationGracePeriodSeconds: 1,
        containers: [app('app:v1-stuck', { lifecycle: { preStop: hook } })],
      }),
      create('once', {
        restartPolicy: 'Never',
        initContainers: [
          {
            name: 'first',
            image: 'tools',
            command: ['sh', '-c', 'echo made > "$POD_ROOT/shared/it"'],
            volumeMounts: [shared],
          },
        ],
        containers: [
          { name: 'app', image: 'tools', command: ['sh', '-c', 'cat shared/it'], volumeMounts: [shared] },
        ],
        volumes: [{ name: 'shared', emptyDir: {} }],
      }),
    ]);
    const once = await until('once', (pod) => pod.status?.phase === 'Succeeded');
    expect(logOf(once)).toBe('made\n');
    expect(isTrue(once, 'Initialized')).toBe(true);
    const pod = await until('stuck', isReady);
    const seen = eventually(async () =>
      logOf(pod).includes('SIGTERM')
        ? [
            logOf(pod),
            readFileSync(join(kubelet.folder, 'pods', pod.metadata.uid ?? '', 'roots/app/hooked'), 'utf8'),
          ]
        : null,
    );
    const startMs = Date.now();
    await Promise.all([remove('stuck'), remove('once')]);
    await Promise.all([gone('stuck'), gone('once')]);
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(1000);
    const [log = '', hooked] = await seen;
    const signalled = Number(/SIGTERM at (\d+)/.exec(log)?.[1]);
    expect(signalled).toBeGreaterThanOrEqual(Number(hooked));
    await refuses(pod);
  });

  test('a kubelet that is killed and started again goes on with its pods', async () => {
    const names = ['kept', 'died', 'removed'];
    await Promise.all(
      names.map((name) =>
        create(name, { containers: [app('app:v1', { env: [{ name: 'NAME', value: name }] })] }),
      ),
    );
    const before = await Promise.all(names.map((name) => until(name, isReady)));
    const [kept, died, removed] = before;
    if (kept === undefined || died === undefined || removed === undefined) throw new Error('three pods');
    const pid = kubelet.pid;
    await kubelet.kill();
    expect(kubelet.pid).toBe(null);
    expect(await get(kept, '/')).toMatchObject({ pod: 'kept' });
    await remove('removed', 0);
    await gone('removed');
    const { pid: programPid } = (await get(died, '/pid')) as { readonly pid: number };
    process.kill(programPid, 'SIGKILL');
    const { pid: keptPid } = (await get(kept, '/pid')) as { readonly pid: number };
    await kubelet.restart();
    expect(kubelet.pid).not.toBe(pid);
    await create('next', { containers: [app('app:v1')] });
    const next = await until('next', isReady);
    const again = await until(
      'died',
      (pod) => isReady(pod) && pod.status?.containerStatuses?.[0]?.restartCount === 1,
    );
    expect(again.status?.podIP).toBe(died.status?.podIP);
    expect(again.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: 137 });
    await refuses(removed);
    expect(before.map((pod) => pod.status?.podIP)).not.toContain(next.status?.podIP);
    expect(await read('kept')).toMatchObject({
      status: {
        podIP: kept.status?.podIP,
        startTime: kept.status?.startTime,
        containerStatuses: [{ ready: true, restartCount: 0 }],
      },
    });
    expect(await get(kept, '/pid')).toEqual({ pid: keptPid });
    await Promise.all(['kept', 'died', 'next'].map((name) => remove(name)));
    await Promise.all(['kept', 'died', 'next'].map(gone));
  });

  test('while the API server is away, pods run on and are started again; it is told later', async () => {
    await create('alone', { containers: [app('app:v1')] });
    const pod = await until('alone', isReady);
    await plane.kill('kube-apiserver');
    const pidOf = async (): Promise<number> => ((await get(pod, '/pid')) as { readonly pid: number }).pid;
    const before = await pidOf();
    process.kill(before, 'SIGKILL');
    expect(await eventually(pidOf)).not.toBe(before);
    await plane.restart('kube-apiserver');
    await until('alone', (now) => isReady(now) && now.status?.containerStatuses?.[0]?.restartCount === 1);
    await remove('alone');
    await gone('alone');
    await refuses(pod);
  });

  const service = async (name: string): Promise<void> => {
    const object: KubeObject & { readonly spec: object } = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
    };
    await client.create(core('services', 'Service'), object, writes);
  };
  const follow = async (name: string): Promise<Load> => {
    const load = new Load({ client, namespace, service: name, callers: 4, pauseMs: 10, path: '/?ms=20' });
    await load.follow();
    return load;
  };

  test('without a preStop hook the program is told to end before the endpoints know', async () => {
    await service('raced');
    await create('raced', { containers: [app('app:v1')] }, { app: 'raced' });
    const load = await follow('raced');
    const endpoint = await eventually(() => load.ready[0] ?? null);
    const manager = plane.pid('kube-controller-manager') ?? 0;
    process.kill(manager, 'SIGSTOP');
    try {
      await remove('raced');
      await eventually(async () =>
        (await httpGet(`http://${endpoint}/`)).error === 'ECONNREFUSED' ? true : null,
      );
      await gone('raced');
      expect(load.ready).toEqual([endpoint]);
      load.start();
      await eventually(() => (load.refused > 0 ? true : null));
    } finally {
      process.kill(manager, 'SIGCONT');
    }
    await eventually(() => (load.ready.length === 0 ? true : null));
    const report = await load.stop();
    expect(report.answered).toBe(0);
  });

  test('a Deployment rolls under load, and with a preStop sleep no request fails', async () => {
    const deployment = (image: string): Deployment => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: {
        replicas: 4,
        selector: { matchLabels: { app: 'web' } },
        strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [app(image, { lifecycle: { preStop: { sleep: { seconds: 3 } } } })] },
        },
      },
    });
    const rolled = (): Promise<Deployment> =>
      eventually(async () => {
        const now = await client.get<Deployment>(deployments, { namespace, name: 'web' });
        const { updatedReplicas, availableReplicas, replicas } = now.status ?? {};
        return [updatedReplicas, availableReplicas, replicas].every((count) => count === 4) ? now : null;
      }, 60_000);
    await service('web');
    await client.create(deployments, deployment('app:v1'), writes);
    await rolled();
    const load = await follow('web');
    await eventually(() => (load.ready.length === 4 ? true : null));
    load.start();
    await eventually(() => (load.answered > 100 ? true : null));
    await client.apply(deployments, deployment('app:v2'), { ...writes, force: true });
    await eventually(async () => {
      const now = await client.get<Deployment>(deployments, { namespace, name: 'web' });
      return now.status?.updatedReplicas === 1 ? true : null;
    });
    await rolled();
    await eventually(() => (load.ready.length === 4 ? true : null));
    const report = await load.stop();
    expect(report).toMatchObject({ refused: 0, failed: [], leastReady: 4 });
    expect(report.answered).toBeGreaterThan(500);
    expect(Object.keys(report.versions).toSorted()).toEqual(['v1', 'v2']);
    await client.remove(deployments, { namespace, name: 'web' });
  });

  test('a second node has addresses of its own, and goes without the first', async () => {
    const second = await startKubelet(plane, { nodeName: 'node-2' });
    try {
      await Promise.all([
        create('here', { nodeName: 'node-1', containers: [app('app:v1')] }),
        create('there', { nodeName: 'node-2', containers: [app('app:v1')] }),
      ]);
      const [here, there] = await Promise.all([until('here', isReady), until('there', isReady)]);
      expect([here, there].map(({ status }) => status?.hostIP)).toEqual(['10.243.0.1', '10.243.0.2']);
      expect(there.status?.podIP).toMatch(/^10\.244\.16\./);
      await second.stop();
      await refuses(there);
      expect(await get(here, '/')).toMatchObject({ pod: 'here' });
    } finally {
      await second.stop();
      await Promise.all([
        remove('here', 1),
        remove('there', 0),
        client.remove(core('nodes', 'Node'), { name: 'node-2' }),
      ]);
    }
  });

  test('whoever holds it is killed: it goes, and its pods go', async () => {
    const path = (name: string): string => JSON.stringify(join(import.meta.dirname, name));
    const node = plane.userKubeconfig({ name: 'system:node:node-3', groups: ['system:nodes'] });
    const script = `
      import { useExisting } from ${path('../existing-cluster.ts')};
      import { startKubelet } from ${path('start-kubelet.ts')};
      const plane = await useExisting(${JSON.stringify(plane.kubeconfig)}, ${JSON.stringify(plane.kubectl)});
      const own = { owned: true, folder: ${JSON.stringify(plane.folder)}, userKubeconfig: () => ${JSON.stringify(node)} };
      const options = { nodeName: 'node-3', nodeAddress: '10.243.0.3', podCidr: '10.244.48.0/20' };
      const kubelet = await startKubelet({ ...plane, ...own }, options);
      await plane.stop();
      console.log(kubelet.pid);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const kubeletPid = Number(await new Promise((resolve) => holder.stdout.once('data', resolve)));
    await create('held', { nodeName: 'node-3', containers: [app('app:v1')] });
    const pod = await until('held', isReady);
    const { pid } = (await get(pod, '/pid')) as { readonly pid: number };
    expect([kubeletPid, pid].map(isThere)).toEqual([true, true]);
    holder.kill('SIGKILL');
    await eventually(() => ([kubeletPid, pid].some(isThere) ? null : true), 5000);
    await remove('held', 0);
    await client.remove(core('nodes', 'Node'), { name: 'node-3' });
  });

  test('stopped, it leaves no process', async () => {
    await create('left', { containers: [app('app:v1-stuck')] });
    const pod = await until('left', isReady);
    const { pid } = (await get(pod, '/pid')) as { readonly pid: number };
    await kubelet.stop();
    await eventually(() => (isThere(pid) ? null : true), 2000);
    expect(kubelet.pid).toBe(null);
  });
});

const shared = { name: 'shared', mountPath: '/shared' };

function probe(path: string): Probe {
  return { httpGet: { path, port: 8080 }, periodSeconds: 1, timeoutSeconds: 5 };
}

function app(image: string, more: Partial<Container> = {}): Container {
  return { name: 'app', image, readinessProbe: probe('/readyz'), ...more };
}

function waitingOf(pod: Pod): { readonly reason?: string; readonly message?: string } | undefined {
  return pod.status?.containerStatuses?.[0]?.state?.waiting;
}

function isReady(pod: Pod): boolean {
  return isTrue(pod, 'Ready');
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function isTrue(pod: Pod, condition: string): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === condition && status === 'True') ?? false;
}
