import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compact } from './compact.ts';
import type { Component, ControlPlane } from './control-plane.ts';
import { type KubectlResult, kubectl } from './kubectl.ts';
import { startControlPlane } from './start-control-plane.ts';

/** Nothing of a cluster that is not ours is killed. */
describe.runIf(process.env['USE_EXISTING_CLUSTER'] !== 'true')('faults', () => {
  let plane: ControlPlane;
  let other: ControlPlane;

  beforeAll(async () => {
    plane = await startControlPlane();
    other = await startControlPlane({
      podCidr: '10.245.0.0/16',
      serviceCidr: '10.97.0.0/16',
      auditPolicy: JSON.stringify({
        apiVersion: 'audit.k8s.io/v1',
        kind: 'Policy',
        omitStages: ['RequestReceived'],
        rules: [{ level: 'Metadata', users: ['admin'], verbs: ['create'] }, { level: 'None' }],
      }),
      flags: { 'kube-apiserver': ['--max-requests-inflight=300'] },
    });
  });
  afterAll(async () => {
    await plane.stop();
    await other.stop();
  });

  const read = (from: ControlPlane): Promise<string> =>
    kubectl(from, ['get', 'configmap', 'kept', '-o', 'jsonpath={.data.of}']).then(({ stdout }) => stdout);

  test('two run side by side and know nothing of each other', async () => {
    for (const [of, one] of [
      ['plane', plane],
      ['other', other],
    ] as const) {
      const made = await kubectl(one, ['create', 'configmap', 'kept', `--from-literal=of=${of}`]);
      expect(made.code).toBe(0);
    }
    expect([await read(plane), await read(other)]).toEqual(['plane', 'other']);
    const stranger = await kubectl(plane, ['get', 'pods', '--server', other.server]);
    expect(stranger.code).toBe(1);
    expect(stranger.stderr).toContain('certificate signed by unknown authority');
  });

  test('writes are audited where a policy asks for it', async () => {
    const log = await readFile(join(other.folder, 'audit.jsonl'), 'utf8');
    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditLine);
    expect(lines.map(({ user, verb, objectRef }) => [user.username, verb, objectRef.name])).toEqual([
      ['admin', 'create', 'kept'],
    ]);
  });

  test.each([
    { component: 'kube-apiserver', answers: false },
    { component: 'etcd', answers: false },
    { component: 'kube-controller-manager', answers: true },
    { component: 'kube-scheduler', answers: true },
  ] as const)(
    '$component is killed and comes back with all that was written',
    async ({ component, answers }) => {
      const before = plane.pid(component);
      const others = pids(plane, component);
      await plane.kill(component);
      expect(plane.pid(component)).toBe(null);
      const down = await kubectl(plane, ['get', 'configmap', 'kept', '--request-timeout=2s']);
      expect(down.code).toBe(answers ? 0 : 1);
      expect(await read(other)).toBe('other');
      await plane.restart(component);
      expect(plane.pid(component)).not.toBe(before);
      expect(pids(plane, component)).toEqual(others);
      expect(await read(plane)).toBe('plane');
      await works(plane, `after-${component}`);
    },
  );

  test('what etcd has compacted is expired once no cache has it', async () => {
    const list = (version: string): Promise<KubectlResult> => {
      const query = `resourceVersion=${version}&resourceVersionMatch=Exact`;
      return kubectl(plane, ['get', '--raw', `/api/v1/namespaces/default/configmaps?${query}`]);
    };
    const made = ['create', 'configmap', 'old', '-o', 'jsonpath={.metadata.resourceVersion}'];
    const { stdout: version } = await kubectl(plane, made);
    expect((await kubectl(plane, ['create', 'configmap', 'new'])).code).toBe(0);
    expect((await list(version)).code).toBe(0);
    await compact(plane);
    await plane.restart('kube-apiserver');
    const expired = await list(version);
    expect(expired.code).toBe(1);
    expect(expired.stderr).toContain('(Expired)');
  });

  test('a new authority makes certificates of the old one worthless', async () => {
    const old = join(plane.folder, 'old.kubeconfig');
    await copyFile(plane.kubeconfig, old);
    const { caPem } = plane;
    const pid = plane.pid('kube-apiserver');
    await plane.rotate();
    expect(plane.caPem).not.toBe(caPem);
    expect(plane.pid('kube-apiserver')).toBe(pid);
    const refused = await kubectl(plane, ['get', 'pods'], { kubeconfig: old });
    expect(refused.stderr).toContain('certificate signed by unknown authority');
    const blind = ['get', 'pods', '--insecure-skip-tls-verify'];
    expect((await kubectl(plane, blind, { kubeconfig: old })).code).toBe(1);
    await works(plane, 'after-rotation');
  });

  test('stops within two seconds, and again', async () => {
    const held = pids(other).map(Number);
    const startMs = performance.now();
    await other.stop();
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(held.length).toBe(4);
    expect(held.filter(isAlive)).toEqual([]);
    await other.stop();
  });

  test('a port that is taken is said at once, with the words of the program', async () => {
    const port = Number(new URL(plane.server).port);
    await expect(startControlPlane({ port })).rejects.toThrow(
      /kube-apiserver ended \(exit code 1\)[^]*in use/,
    );
  });
});

/** What is written is kept, and the controllers see it. */
async function works(plane: ControlPlane, name: string): Promise<void> {
  expect((await kubectl(plane, ['create', 'deployment', name, '--image=app:v1'])).code).toBe(0);
  const set = ['wait', '--for=create', 'replicaset', '-l', `app=${name}`, '--timeout=60s'];
  expect(await kubectl(plane, set)).toMatchObject({ code: 0 });
}

interface AuditLine {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef: { readonly name: string };
}

function pids(plane: ControlPlane, except?: Component): readonly (number | null)[] {
  return (['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const)
    .filter((component) => component !== except)
    .map((component) => plane.pid(component));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
