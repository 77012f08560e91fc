import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programsFolder } from '../../test/cluster/build.ts';
import { issue, makeAuthority } from '../../test/cluster/certificate.ts';
import { startControlPlane } from '../../test/cluster/start-control-plane.ts';
import { type Child, startChild } from './child.ts';
import type { FakeCommands } from './fake-main.ts';

/** What a bench of the Kubernetes client runs against. */
export interface BenchCluster {
  readonly kind: 'control plane' | 'fake';
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** A real control plane where its programs are built or named; else the fake, over TLS in a process of its own, which is said. */
export async function openCluster(say: (line: string) => void): Promise<BenchCluster> {
  const named =
    (process.env['KUBEBUILDER_ASSETS'] ?? '') !== '' || process.env['USE_EXISTING_CLUSTER'] === 'true';
  if (named || existsSync(join(programsFolder(), 'kube-apiserver'))) {
    const plane = await startControlPlane();
    say('measured against a real control plane');
    return { kind: 'control plane', kubeconfig: plane.kubeconfig, stop: () => plane.stop() };
  }
  say('the control plane is not built here (npm run cluster -- up builds it): measured against the fake');
  return await fakeCluster();
}

export interface FakeCluster extends BenchCluster {
  readonly process: Child<FakeCommands>;
}

/** The fake API server over TLS, in a process of its own. */
export async function fakeCluster(): Promise<FakeCluster> {
  const authority = makeAuthority('bench');
  const { certPem: cert, keyPem: key } = issue(authority, { commonName: 'api', hosts: ['127.0.0.1'] });
  const process = startChild<FakeCommands>('fake-main.ts');
  const server = await process.call('serve', { tls: { cert, key } });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf(server, authority.certPem));
  const stop = async (): Promise<void> => {
    await process.stop();
    rmSync(folder, { recursive: true });
  };
  return { kind: 'fake', kubeconfig, stop, process };
}

function kubeconfigOf(server: string, caPem: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    clusters: [
      {
        name: 'fake',
        cluster: { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') },
      },
    ],
    users: [{ name: 'fake', user: {} }],
  });
}
