import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterConfig } from '../../src/kube/config/cluster-config.ts';
import type { KubeObject, Resource } from '../../src/kube/object.ts';
import { createKubeClient } from '../../src/kube/rest/create-kube-client.ts';
import { as, refusal } from '../conformance/kube-cluster.ts';
import { configOf, FaultScene } from '../kube-faults/fault-scene.ts';
import type { ControlPlane } from './control-plane.ts';
import { eventually } from './eventually.ts';
import { kubectl } from './kubectl.ts';
import { startControlPlane } from './start-control-plane.ts';

const accounts: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
};
const path = '/apis/authentication.k8s.io/v1';

/** Nothing of a cluster that is not ours is rotated. */
describe.runIf(process.env['USE_EXISTING_CLUSTER'] !== 'true')('credentials that end', () => {
  let plane: ControlPlane;
  let scene: FaultScene;

  beforeAll(async () => {
    plane = await startControlPlane();
  });
  afterAll(() => plane.stop());
  afterEach(() => scene.close());

  /** As a pod has it: token and authority in files that others replace. Read again only where something is refused. */
  const inPod = async (token: string): Promise<{ config: ClusterConfig; write: (token: string) => void }> => {
    const file = join(plane.folder, `${scene.namespace}.token`);
    const write = (text: string): void => writeFileSync(file, text);
    write(token);
    const { server } = await configOf(plane.kubeconfig);
    const config: ClusterConfig = {
      description: 'the service account of this pod',
      server,
      namespace: 'default',
      tls: {
        ca: { kind: 'file', path: join(plane.folder, 'keys/ca.crt') },
        serverName: null,
        insecure: false,
      },
      proxyUrl: null,
      certificate: null,
      identity: { kind: 'tokenFile', path: file },
      impersonate: null,
    };
    return { config, write };
  };

  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(plane, [...args, '--namespace', scene.namespace]);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  };

  test('an expired token is refused with the file to look at, and the next one is read at once', async () => {
    scene = await FaultScene.open(await configOf(plane.kubeconfig), 'expired');
    const { namespace } = scene;
    const late: KubeObject = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'late', namespace },
    };
    const account = await scene.admin.create(accounts, late, as);
    const nowSeconds = Math.floor(Date.now() / 1000);
    const key = readFileSync(join(plane.folder, 'keys/accounts.key'), 'utf8');
    const expired = token(key, namespace, 'late', account.metadata.uid ?? '', nowSeconds - 600);
    const { config, write } = await inPod(expired);
    const client = scene.client(config, { rereadMs: 3_600_000 });
    expect(await refusal(client.raw(path))).toEqual({
      reason: 'Unauthorized',
      code: 401,
      message: `Unauthorized; the API server does not accept the token file ${join(plane.folder, 'expired.token')}; log in anew, or see that it belongs to this cluster`,
    });
    write(token(key, namespace, 'late', account.metadata.uid ?? '', nowSeconds + 600));
    expect(await client.raw(path)).toMatchObject({ kind: 'APIResourceList' });
  });

  test('a token that is revoked while watches are open: the file is read again, and nobody notices', async () => {
    scene = await FaultScene.open(await configOf(plane.kubeconfig), 'revoked');
    await run('create', 'serviceaccount', 'pod');
    await run(
      'create',
      'rolebinding',
      'pod',
      '--clusterrole=view',
      `--serviceaccount=${scene.namespace}:pod`,
    );
    await run('create', 'secret', 'generic', 'bound');
    const bound = ['--bound-object-kind=Secret', '--bound-object-name=bound'];
    const first = await run('create', 'token', 'pod', ...bound);
    const { config, write } = await inPod(first);
    const client = scene.client(config, { rereadMs: 3_600_000 });
    const witness = scene.witness(client);
    await scene.churn.steps(5);
    await scene.hasAll(witness);
    write(await run('create', 'token', 'pod'));
    await run('delete', 'secret', 'bound');
    const other = createKubeClient({ ...config, identity: { kind: 'token', token: first } });
    // The API server keeps a good token in mind for ten seconds.
    await eventually(async () => ((await refusal(other.raw(path))).reason === 'Unauthorized' ? true : null));
    await other.close();
    scene.proxy.reset();
    await scene.churn.steps(10);
    await scene.hasAll(witness);
    expect(witness.reasons).toEqual(['Unreachable']);
    expect(witness.runs.length).toBe(1);
  });

  test('a rotated authority and a client certificate of it are taken up by the watches, without a loss', async () => {
    scene = await FaultScene.open(await configOf(plane.kubeconfig), 'rotated');
    const file = (name: string): { kind: 'file'; path: string } => ({
      kind: 'file',
      path: join(plane.folder, name),
    });
    const writeCertificate = (): void => {
      writeFileSync(file('pod.crt').path, plane.admin?.certPem ?? '');
      writeFileSync(file('pod.key').path, plane.admin?.keyPem ?? '');
    };
    writeCertificate();
    const { config } = await inPod(plane.adminToken ?? '');
    const options = { rereadMs: 3_600_000 };
    const byToken = scene.witness(scene.client(config, options));
    const byCertificate = scene.witness(
      scene.client(
        {
          ...config,
          identity: { kind: 'none' },
          certificate: { cert: file('pod.crt'), key: file('pod.key') },
        },
        options,
      ),
    );
    await scene.churn.steps(5);
    await scene.hasAll(byToken);
    await scene.hasAll(byCertificate);
    await plane.rotate();
    writeCertificate();
    scene.proxy.reset();
    await scene.logIn(await configOf(plane.kubeconfig));
    await scene.churn.steps(10);
    await scene.hasAll(byToken);
    await scene.hasAll(byCertificate);
    expect([byToken.reasons, byCertificate.reasons]).toEqual([['Unreachable'], ['Unreachable']]);
    // The kubeconfig of before holds the old authority.
    expect((await refusal(scene.client().raw(path))).message).toContain('correct certificate-authority');
  });
});

/** As the API server signs one for a service account. */
function token(key: string, namespace: string, name: string, uid: string, untilSeconds: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const issuer = 'https://kubernetes.default.svc.cluster.local';
  const claims = {
    aud: [issuer],
    iss: issuer,
    sub: `system:serviceaccount:${namespace}:${name}`,
    iat: untilSeconds - 3600,
    nbf: untilSeconds - 3600,
    exp: untilSeconds,
    'kubernetes.io': { namespace, serviceaccount: { name, uid } },
  };
  const signed = `${part({ alg: 'ES256', typ: 'JWT' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), {
    key: createPrivateKey(key),
    dsaEncoding: 'ieee-p1363',
  });
  return `${signed}.${signature.toString('base64url')}`;
}
