import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ControlPlane } from './control-plane.ts';
import { currentNetns } from './network.ts';

interface Config {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data'?: string } },
  ];
  readonly users: readonly [
    {
      readonly user: {
        readonly 'client-certificate-data'?: string;
        readonly 'client-key-data'?: string;
        readonly token?: string;
      };
    },
  ];
}

/** The cluster of the current context of a kubeconfig, as far as it goes: nothing of it is ours to kill or to stop. */
export async function useExisting(kubeconfig: string, kubectl = 'kubectl'): Promise<ControlPlane> {
  // kubectl reads every form there is: files, several paths, contexts.
  const view = ['config', 'view', '--raw', '--flatten', '--minify', '--output=json'];
  const { stdout } = await promisify(execFile)(kubectl, view, {
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  const config = JSON.parse(stdout) as Config;
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  const decode = (text = ''): string => Buffer.from(text, 'base64').toString();
  const [cert, key] = [user['client-certificate-data'], user['client-key-data']];
  const folder = mkdtempSync(join(tmpdir(), 'sluice-existing-'));
  const notOurs = (): never => {
    throw new Error(`the cluster of ${kubeconfig} was not started here: nothing of it is killed or changed`);
  };
  return {
    kubeconfig,
    server: cluster.server,
    caPem: decode(cluster['certificate-authority-data']),
    admin: cert === undefined || key === undefined ? null : { certPem: decode(cert), keyPem: decode(key) },
    adminToken: user.token ?? null,
    kubectl,
    netns: currentNetns(),
    etcd: null,
    podCidr: '10.244.0.0/16',
    serviceCidr: '10.96.0.0/16',
    owned: false,
    folder,
    userKubeconfig: notOurs,
    kill: async () => notOurs(),
    restart: async () => notOurs(),
    rotate: async () => notOurs(),
    pid: () => null,
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
