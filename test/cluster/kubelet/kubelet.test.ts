import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/kube/config/load-config.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import { createKubeClient } from '../../../src/kube/rest/create-kube-client.ts';
import { eventually } from '../eventually.ts';
import {
  app,
  askPod,
  core,
  isReady,
  isTrue,
  namespace,
  pidOf,
  PodBench,
  podsArePossible,
  probe,
  refuses,
  writes,
} from './pod-bench.ts';
import { type Pod, pods } from './pod/pod.ts';
import { startKubelet } from './start-kubelet.ts';

describe.runIf(podsArePossible)('the process kubelet', () => {
  let bench: PodBench;
  beforeAll(async () => {
    bench = await PodBench.start({ crashPolicy: { baseMs: 1000, maxMs: 2000 }, volumeRefreshMs: 500 });
  });
  afterAll(() => bench?.stop());

  const logOf = (pod: Pod, attempt = 0): string =>
    readFileSync(
      join(bench.kubelet.folder, 'pods', pod.metadata.uid ?? '', `runs/app/${attempt}.log`),
      'utf8',
    );

  test('its node is Ready and bears no taint', async () => {
    const node = await bench.client.get<
      KubeObject & { spec: object; status: { conditions: readonly object[] } }
    >(core('nodes', 'Node'), { name: 'node-1' });
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
    await bench.create('configured', {
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
    const address = await bench.until('configured', (pod) => pod.status?.podIP !== undefined);
    expect(address.status?.phase).toBe('Pending');
    await bench.client.create(configMap, config('hello'), writes);
    const waiting = await bench.until(
      'configured',
      (pod) => waitingOf(pod)?.reason === 'CreateContainerConfigError',
    );
    expect(waitingOf(waiting)?.message).toBe('secret "secret" not found');
    await bench.client.create(core('secrets', 'Secret'), secret, writes);
    const pod = await bench.until('configured', isReady);
    const ip = pod.status?.podIP ?? '';
    expect(ip.startsWith('10.244.')).toBe(true);
    expect(await askPod(pod, '/env')).toMatchObject({
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
    const file = async (path: string): Promise<unknown> => askPod(pod, `/files${path}`);
    expect(await file('/etc/config/greeting')).toMatchObject({ text: 'hello' });
    const account = '/var/run/secrets/kubernetes.io/serviceaccount';
    expect(await file(`${account}/namespace`)).toMatchObject({ text: 'default' });
    expect(await file(`${account}/ca.crt`)).toMatchObject({ text: bench.plane.caPem });
    await bench.client.patch(
      configMap,
      { namespace, name: 'config' },
      { type: 'merge', body: config('goodbye') },
      writes,
    );
    await eventually(async () =>
      JSON.stringify(await file('/etc/config/greeting')).includes('goodbye') ? true : null,
    );
    await bench.remove('configured', 1);
  });

  test('a program in a pod speaks to the API server as the ServiceAccount of its pod', async () => {
    await bench.create('inside', { containers: [app('app:v1')] });
    const pod = await bench.until('inside', isReady);
    const env = (await askPod(pod, '/env')) as Record<string, string>;
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
    await bench.remove('inside', 1);
  });

  test('a crash loop, a pod that is never ready, one that boots slowly, an image that there is none of', async () => {
    await Promise.all([
      bench.create('crashing', { containers: [app('app:v1-crash')] }),
      bench.create('never', { containers: [app('app:v1-never')] }),
      bench.create('slow', {
        containers: [app('app:v1-slow', { startupProbe: { ...probe('/healthz'), failureThreshold: 30 } })],
      }),
      bench.create('unknown', { containers: [app('app')] }),
    ]);
    const slow = await bench.until(
      'slow',
      (pod) => pod.status?.containerStatuses?.[0]?.state?.running !== undefined,
    );
    expect(slow.status?.containerStatuses?.[0]).toMatchObject({ started: false, ready: false });
    expect(slow.status?.phase).toBe('Running');
    const crashing = await bench.until('crashing', (pod) => waitingOf(pod)?.reason === 'CrashLoopBackOff');
    expect(crashing.status?.phase).toBe('Running');
    const message: unknown = expect.stringMatching(/^back-off [12]s restarting failed container=app$/);
    expect(crashing.status?.containerStatuses?.[0]).toMatchObject({
      ready: false,
      state: { waiting: { message } },
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    });
    await bench.until('crashing', (pod) => (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2);
    const booted = await bench.until('slow', isReady);
    expect(booted.status?.containerStatuses?.[0]).toMatchObject({ started: true, restartCount: 0 });
    const condition = booted.status?.conditions?.find(({ type }) => type === 'Ready');
    expect(Object.keys(condition ?? {}).toSorted()).toEqual([
      'lastProbeTime',
      'lastTransitionTime',
      'status',
      'type',
    ]);
    expect(waitingOf(await bench.read('unknown'))).toEqual({
      reason: 'ErrImagePull',
      message: 'no program is known for image "app"',
    });
    const never = await bench.read('never');
    expect(never.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [app]',
    });
    expect(never.status?.containerStatuses?.[0]?.state?.running).toBeDefined();
    await Promise.all(['crashing', 'never', 'slow', 'unknown'].map((name) => bench.remove(name)));
    await Promise.all(['crashing', 'never', 'slow', 'unknown'].map((name) => bench.gone(name)));
  });

  test('a liveness probe that fails restarts; a readiness gate holds Ready', async () => {
    await bench.create('gated', {
      readinessGates: [{ conditionType: 'sluice.dev/in-route' }],
      containers: [app('app:v1', { livenessProbe: { ...probe('/healthz'), failureThreshold: 2 } })],
    });
    const held = await bench.until('gated', (pod) => isTrue(pod, 'ContainersReady'));
    expect(isReady(held)).toBe(false);
    const status = { conditions: [{ type: 'sluice.dev/in-route', status: 'True' }] };
    const body = { status };
    await bench.client.patch(
      pods,
      { namespace, name: 'gated' },
      { type: 'strategic', body },
      { ...writes, subresource: 'status' },
    );
    const pod = await bench.until('gated', isReady);
    expect(isTrue(pod, 'sluice.dev/in-route')).toBe(true);
    await askPod(pod, '/sick');
    const restarted = await bench.until(
      'gated',
      (now) => now.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(now),
    );
    expect(restarted.status?.podIP).toBe(pod.status?.podIP);
    expect(restarted.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(0);
    expect(isTrue(restarted, 'sluice.dev/in-route')).toBe(true);
    await bench.remove('gated', 1);
  });

  test('preStop comes before SIGTERM, SIGKILL at the end of the grace; what ends by itself has succeeded', async () => {
    const hook = { exec: { command: ['sh', '-c', 'date +%s%3N > hooked'] } };
    await Promise.all([
      bench.create('stuck', {
        terminationGracePeriodSeconds: 1,
        containers: [app('app:v1-stuck', { lifecycle: { preStop: hook } })],
      }),
      bench.create('once', {
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
    const once = await bench.until('once', (pod) => pod.status?.phase === 'Succeeded');
    expect(logOf(once)).toBe('made\n');
    expect(isTrue(once, 'Initialized')).toBe(true);
    const pod = await bench.until('stuck', isReady);
    const seen = eventually(async () =>
      logOf(pod).includes('SIGTERM')
        ? [
            logOf(pod),
            readFileSync(
              join(bench.kubelet.folder, 'pods', pod.metadata.uid ?? '', 'roots/app/hooked'),
              'utf8',
            ),
          ]
        : null,
    );
    const startMs = Date.now();
    await Promise.all([bench.remove('stuck'), bench.remove('once')]);
    await Promise.all([bench.gone('stuck'), bench.gone('once')]);
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(1000);
    const [log = '', hooked] = await seen;
    const signalled = Number(/SIGTERM at (\d+)/.exec(log)?.[1]);
    expect(signalled).toBeGreaterThanOrEqual(Number(hooked));
    await refuses(pod.status?.podIP);
  });

  test('a kubelet that is killed and started again goes on with its pods', async () => {
    const names = ['kept', 'died', 'removed'];
    await Promise.all(
      names.map((name) =>
        bench.create(name, { containers: [app('app:v1', { env: [{ name: 'NAME', value: name }] })] }),
      ),
    );
    const before = await Promise.all(names.map((name) => bench.until(name, isReady)));
    const [kept, died, removed] = before;
    if (kept === undefined || died === undefined || removed === undefined) throw new Error('three pods');
    const pid = bench.kubelet.pid;
    await bench.kubelet.kill();
    expect(bench.kubelet.pid).toBe(null);
    expect(await askPod(kept, '/')).toMatchObject({ pod: 'kept' });
    await bench.remove('removed', 0);
    await bench.gone('removed');
    const programPid = await pidOf(died);
    process.kill(programPid, 'SIGKILL');
    const keptPid = await pidOf(kept);
    await bench.kubelet.restart();
    expect(bench.kubelet.pid).not.toBe(pid);
    await bench.create('next', { containers: [app('app:v1')] });
    const next = await bench.until('next', isReady);
    const again = await bench.until(
      'died',
      (pod) => isReady(pod) && pod.status?.containerStatuses?.[0]?.restartCount === 1,
    );
    expect(again.status?.podIP).toBe(died.status?.podIP);
    expect(again.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: 137 });
    await refuses(removed.status?.podIP);
    expect(before.map((pod) => pod.status?.podIP)).not.toContain(next.status?.podIP);
    expect(await bench.read('kept')).toMatchObject({
      status: {
        podIP: kept.status?.podIP,
        startTime: kept.status?.startTime,
        containerStatuses: [{ ready: true, restartCount: 0 }],
      },
    });
    expect(await askPod(kept, '/pid')).toEqual({ pid: keptPid });
    await Promise.all(['kept', 'died', 'next'].map((name) => bench.remove(name)));
    await Promise.all(['kept', 'died', 'next'].map((name) => bench.gone(name)));
  });

  test('while the API server is away, pods run on and are started again; it is told later', async () => {
    await bench.create('alone', { containers: [app('app:v1')] });
    const pod = await bench.until('alone', isReady);
    await bench.plane.kill('kube-apiserver');
    const before = await pidOf(pod);
    process.kill(before, 'SIGKILL');
    await eventually(async () => ((await pidOf(pod)) === before ? null : true));
    await bench.plane.restart('kube-apiserver');
    await bench.until(
      'alone',
      (now) => isReady(now) && now.status?.containerStatuses?.[0]?.restartCount === 1,
    );
    await bench.remove('alone');
    await bench.gone('alone');
    await refuses(pod.status?.podIP);
  });

  test('a second node has addresses of its own, and goes without the first', async () => {
    const second = await startKubelet(bench.plane, { nodeName: 'node-2' });
    try {
      await Promise.all([
        bench.create('here', { nodeName: 'node-1', containers: [app('app:v1')] }),
        bench.create('there', { nodeName: 'node-2', containers: [app('app:v1')] }),
      ]);
      const [here, there] = await Promise.all([bench.until('here', isReady), bench.until('there', isReady)]);
      expect([here, there].map(({ status }) => status?.hostIP)).toEqual(['10.243.0.1', '10.243.0.2']);
      expect(there.status?.podIP).toMatch(/^10\.244\.16\./);
      await second.stop();
      await refuses(there.status?.podIP);
      expect(await askPod(here, '/')).toMatchObject({ pod: 'here' });
    } finally {
      await second.stop();
      await Promise.all([
        bench.remove('here', 1),
        bench.remove('there', 0),
        bench.client.remove(core('nodes', 'Node'), { name: 'node-2' }),
      ]);
    }
  });

  test('whoever holds it is killed: it goes, and its pods go', async () => {
    const path = (name: string): string => JSON.stringify(join(import.meta.dirname, name));
    const node = bench.plane.userKubeconfig({ name: 'system:node:node-3', groups: ['system:nodes'] });
    const script = `
      import { useExisting } from ${path('../existing-cluster.ts')};
      import { startKubelet } from ${path('start-kubelet.ts')};
      const plane = await useExisting(${JSON.stringify(bench.plane.kubeconfig)}, ${JSON.stringify(bench.plane.kubectl)});
      const own = { owned: true, folder: ${JSON.stringify(bench.plane.folder)}, userKubeconfig: () => ${JSON.stringify(node)} };
      const options = { nodeName: 'node-3', nodeAddress: '10.243.0.3', podCidr: '10.244.48.0/20' };
      const kubelet = await startKubelet({ ...plane, ...own }, options);
      await plane.stop();
      console.log(kubelet.pid);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const kubeletPid = Number(await new Promise((resolve) => holder.stdout.once('data', resolve)));
    await bench.create('held', { nodeName: 'node-3', containers: [app('app:v1')] });
    const pod = await bench.until('held', isReady);
    const pid = await pidOf(pod);
    expect([kubeletPid, pid].map(isThere)).toEqual([true, true]);
    holder.kill('SIGKILL');
    await eventually(() => ([kubeletPid, pid].some(isThere) ? null : true), 5000);
    await bench.remove('held', 0);
    await bench.client.remove(core('nodes', 'Node'), { name: 'node-3' });
  });

  test('stopped, it leaves no process', async () => {
    await bench.create('left', { containers: [app('app:v1-stuck')] });
    const pod = await bench.until('left', isReady);
    const pid = await pidOf(pod);
    await bench.kubelet.stop();
    await eventually(() => (isThere(pid) ? null : true), 2000);
    expect(bench.kubelet.pid).toBe(null);
  });
});

const shared = { name: 'shared', mountPath: '/shared' };

function waitingOf(pod: Pod): { readonly reason?: string; readonly message?: string } | undefined {
  return pod.status?.containerStatuses?.[0]?.state?.waiting;
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
