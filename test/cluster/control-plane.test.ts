import { existsSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubernetesVersion } from './build.ts';
import type { ControlPlane } from './control-plane.ts';
import { eventually } from './eventually.ts';
import { kubectl, kubectlJson } from './kubectl.ts';
import { startControlPlane } from './start-control-plane.ts';
import { useExisting } from './existing-cluster.ts';

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
}
interface List<Item> {
  readonly items: readonly Item[];
}
type Pod = Named & {
  readonly spec: { readonly serviceAccountName: string };
  readonly status: { readonly phase: string };
};

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(async () => {
  const { folder } = plane;
  if (!plane.owned) {
    const made = ['deployment/web', 'service/web', 'configmap/owned', 'crd/ramps.test.sluice.dev'];
    await kubectl(plane, ['delete', '--ignore-not-found', '--wait=false', ...made]);
  }
  await plane.stop();
  expect(existsSync(folder)).toBe(false);
});

async function apply(input: object): Promise<void> {
  const { code, stderr } = await kubectl(plane, ['apply', '-f', '-'], { input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

const labels = { app: 'web' };
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'app:v1' }] } },
  },
};
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
};
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ramps.test.sluice.dev' },
  spec: {
    group: 'test.sluice.dev',
    scope: 'Namespaced',
    names: { plural: 'ramps', singular: 'ramp', kind: 'Ramp' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  from: { type: 'integer', default: 5 },
                  to: { type: 'integer' },
                },
                'x-kubernetes-validations': [{ rule: 'self.from <= self.to', message: 'a ramp goes up' }],
              },
            },
          },
        },
      },
    ],
  },
};
const ramp = (name: string, to: number): object => ({
  apiVersion: 'test.sluice.dev/v1',
  kind: 'Ramp',
  metadata: { name },
  spec: { to },
});

describe('the control plane', () => {
  test('is ready, of the version asked for, with kubectl beside it', async () => {
    const ready = await kubectl(plane, ['get', '--raw', '/readyz']);
    expect(ready).toEqual({ code: 0, stdout: 'ok', stderr: '' });
    const version = await kubectlJson<{
      clientVersion: { gitVersion: string };
      serverVersion: { gitVersion: string; minor: string };
    }>(plane, ['version']);
    expect(Number.parseInt(version.serverVersion.minor, 10)).toBeGreaterThanOrEqual(36);
    if (plane.owned && process.env['KUBEBUILDER_ASSETS'] === undefined) {
      expect(version.serverVersion.gitVersion).toBe(kubernetesVersion());
      expect(version.clientVersion.gitVersion).toBe(kubernetesVersion());
    }
  });

  test('makes pods of a Deployment, with their ServiceAccount; without a kubelet they stay pending', async () => {
    await apply(deployment);
    const pods = await eventually(async () => {
      const { items } = await kubectlJson<List<Pod>>(plane, ['get', 'pods', '-l', 'app=web']);
      return items.length === 2 ? items : null;
    });
    const sets = await kubectlJson<List<Named>>(plane, ['get', 'replicasets', '-l', 'app=web']);
    expect(
      sets.items.map((set) => set.metadata.ownerReferences?.map(({ kind, name }) => `${kind}/${name}`)),
    ).toEqual([['Deployment/web']]);
    expect(pods.map(({ spec, status }) => [spec.serviceAccountName, status.phase])).toEqual([
      ['default', 'Pending'],
      ['default', 'Pending'],
    ]);
    const owner = sets.items[0]?.metadata.name;
    expect(new Set(pods.map((pod) => pod.metadata.ownerReferences?.[0]?.name))).toEqual(new Set([owner]));
    await eventually(async () => {
      const events = await kubectl(plane, ['get', 'events', '-o', 'jsonpath={.items[*].reason}']);
      return events.stdout.includes('FailedScheduling') ? true : null;
    });
  });

  test('makes an EndpointSlice of a Service, and gives it an address of its range', async () => {
    await apply(service);
    const slices = await eventually(async () => {
      const { items } = await kubectlJson<List<Named & { readonly addressType: string }>>(plane, [
        'get',
        'endpointslices',
        '-l',
        'kubernetes.io/service-name=web',
      ]);
      return items.length > 0 ? items : null;
    });
    expect(slices.map((slice) => slice.addressType)).toEqual(['IPv4']);
    const { stdout } = await kubectl(plane, ['get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}']);
    if (plane.owned) expect(stdout.split('.').slice(0, 2)).toEqual(plane.serviceCidr.split('.').slice(0, 2));
  });

  test('serves a CustomResourceDefinition: Established, defaults, CEL', async () => {
    await apply(crd);
    const established = ['wait', '--for=condition=Established', 'crd/ramps.test.sluice.dev', '--timeout=30s'];
    expect((await kubectl(plane, established)).code).toBe(0);
    await eventually(async () =>
      (await kubectl(plane, ['apply', '-f', '-'], { input: ramp('up', 10) })).code === 0 ? true : null,
    );
    const { stdout } = await kubectl(plane, ['get', 'ramp', 'up', '-o', 'jsonpath={.spec}']);
    expect(JSON.parse(stdout)).toEqual({ from: 5, to: 10 });
    const refused = await kubectl(plane, ['create', '-f', '-'], { input: ramp('down', 1) });
    expect(refused).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "The Ramp "down" is invalid: spec: Invalid value: a ramp goes up
      ",
        "stdout": "",
      }
    `);
  });

  test('names the manager whose field another one wants', async () => {
    const object = (data: Record<string, string>): object => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'owned' },
      data,
    });
    const as = (manager: string, ...more: string[]): string[] => [
      'apply',
      '--server-side',
      `--field-manager=${manager}`,
      ...more,
      '-f',
      '-',
    ];
    expect((await kubectl(plane, as('first'), { input: object({ a: '1', b: '1' }) })).code).toBe(0);
    const conflict = await kubectl(plane, as('second'), { input: object({ a: '2' }) });
    expect(conflict.code).toBe(1);
    expect(conflict.stderr.split('\n')[0]).toMatchInlineSnapshot(
      `"error: Apply failed with 1 conflict: conflict with "first": .data.a"`,
    );
    expect(
      (await kubectl(plane, as('second', '--force-conflicts'), { input: object({ a: '2' }) })).code,
    ).toBe(0);
    const { stdout } = await kubectl(plane, ['get', 'configmap', 'owned', '-o', 'jsonpath={.data}']);
    expect(JSON.parse(stdout)).toEqual({ a: '2', b: '1' });
  });

  test('takes a token of a ServiceAccount, and that may do nothing', async () => {
    const token = await kubectl(plane, ['create', 'token', 'default', '--duration=10m']);
    expect(token.code).toBe(0);
    const who = await kubectl(plane, [
      'auth',
      'can-i',
      'list',
      'pods',
      '--as=system:serviceaccount:default:default',
    ]);
    expect(who.stdout.trim()).toBe('no');
  });
});

/** What cannot be asked of a cluster that is not ours: certificates for new users. */
describe.runIf(process.env['USE_EXISTING_CLUSTER'] !== 'true')('users', () => {
  test('are refused what no role allows, and allowed what one does', async () => {
    const kubeconfig = plane.userKubeconfig({ name: 'mallory', groups: ['outsiders'] });
    const refused = await kubectl(plane, ['get', 'secrets'], { kubeconfig });
    expect(refused).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "Error from server (Forbidden): secrets is forbidden: User "mallory" cannot list resource "secrets" in API group "" in the namespace "default"
      ",
        "stdout": "",
      }
    `);
    const bind = ['create', 'rolebinding', 'outsiders-view', '--clusterrole=view', '--group=outsiders'];
    expect((await kubectl(plane, bind)).code).toBe(0);
    await eventually(async () =>
      (await kubectl(plane, ['get', 'pods'], { kubeconfig })).code === 0 ? true : null,
    );
    expect((await kubectl(plane, ['get', 'secrets'], { kubeconfig })).code).toBe(1);
  });

  test('that are kubelets write their own node and no other', async () => {
    const kubeconfig = plane.userKubeconfig({ name: 'system:node:one', groups: ['system:nodes'] });
    const node = (name: string): object => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
    expect((await kubectl(plane, ['create', '-f', '-'], { kubeconfig, input: node('one') })).code).toBe(0);
    const other = await kubectl(plane, ['create', '-f', '-'], { kubeconfig, input: node('two') });
    expect(other.stderr.trim()).toMatchInlineSnapshot(
      `"Error from server (Forbidden): error when creating "STDIN": nodes "two" is forbidden: node "one" is not allowed to modify node "two""`,
    );
    expect((await kubectl(plane, ['delete', 'node', 'one'])).code).toBe(0);
  });

  test('are refused with a certificate of another authority or none', async () => {
    const bare = ['--server', plane.server, '--certificate-authority', '/dev/null'];
    const unknown = await kubectl(plane, ['get', 'pods', ...bare], { kubeconfig: '/dev/null' });
    expect(unknown.code).toBe(1);
    const token = (value: string): string[] => [
      'get',
      'pods',
      '--server',
      plane.server,
      '--insecure-skip-tls-verify',
      '--token',
      value,
    ];
    expect((await kubectl(plane, token(plane.adminToken ?? ''), { kubeconfig: '/dev/null' })).code).toBe(0);
    expect((await kubectl(plane, token('wrong'), { kubeconfig: '/dev/null' })).stderr).toContain(
      'Unauthorized',
    );
  });
});

test('is used as it is where it was there before', async () => {
  const given = await useExisting(plane.kubeconfig, plane.kubectl);
  expect([given.server, given.caPem, given.admin, given.owned]).toEqual([
    plane.server,
    plane.caPem,
    plane.admin,
    false,
  ]);
  expect(await kubectl(given, ['get', '--raw', '/readyz'])).toEqual({ code: 0, stdout: 'ok', stderr: '' });
  await expect(given.kill('etcd')).rejects.toThrow('was not started here');
  await given.stop();
  expect((await kubectl(plane, ['get', '--raw', '/livez'])).stdout).toBe('ok');
});

/** `npm run test:cluster` says so where there is no namespace. */
describe.runIf(process.env['SLUICE_CLUSTER_NETWORK'] === 'inside')('the network', () => {
  test('has every address of the ranges of pods, and no way out', async () => {
    expect(plane.netns).toMatch(/^\/proc\/\d+\/ns\/net$/);
    const answers = await Promise.all(
      ['10.244.1.7', '10.244.200.9', '10.96.0.77'].map(async (host) => {
        const server = createServer((_, response) => response.end(host));
        await new Promise<void>((resolve) => server.listen(80, host, resolve));
        const answer = await get(host);
        server.close();
        return answer;
      }),
    );
    expect(answers).toEqual(['10.244.1.7', '10.244.200.9', '10.96.0.77']);
    expect(await get('192.0.2.1')).toBe('ENETUNREACH');
  });
});

function get(host: string): Promise<string> {
  return new Promise((resolve) => {
    request({ host, agent: false }, (response) => response.on('data', (data) => resolve(String(data))))
      .on('error', (error) => resolve(String((error as NodeJS.ErrnoException).code)))
      .end();
  });
}
