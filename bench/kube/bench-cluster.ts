import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programsFolder } from '../../test/cluster/build.ts';
import { issue, makeAuthority } from '../../test/cluster/certificate.ts';
import { startControlPlane } from '../../test/cluster/start-control-plane.ts';
import { FakeApiServer } from '../../test/fakes/apiserver/api-server.ts';
import { serve } from '../../test/fakes/apiserver/serve.ts';

/** What a bench of the Kubernetes client runs against. */
export interface BenchCluster {
  readonly kind: 'control plane' | 'fake';
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** A real control plane where its programs are built or named; else the fake, over TLS in this process, which is said. */
export async function openCluster(say: (line: string) => void): Promise<BenchCluster> {
  const named =
    (process.env['KUBEBUILDER_ASSETS'] ?? '') !== '' || process.env['USE_EXISTING_CLUSTER'] === 'true';
  if (named || existsSync(join(programsFolder(), 'kube-apiserver'))) {
    const plane = await startControlPlane();
    return { kind: 'control plane', kubeconfig: plane.kubeconfig, stop: () => plane.stop() };
  }
  say(
    'the control plane is not built here (npm run cluster -- up builds it): measured against the fake, in this process',
  );
  return await fakeCluster();
}

async function fakeCluster(): Promise<BenchCluster> {
  const authority = makeAuthority('bench');
  const { certPem: cert, keyPem: key } = issue(authority, { commonName: 'api', hosts: ['127.0.0.1'] });
  const served = await serve(new FakeApiServer(), { tls: { cert, key } });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const ca = Buffer.from(authority.certPem).toString('base64');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'fake',
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
      clusters: [{ name: 'fake', cluster: { server: served.url, 'certificate-authority-data': ca } }],
      users: [{ name: 'fake', user: {} }],
    }),
  );
  const stop = async (): Promise<void> => {
    await served.close();
    rmSync(folder, { recursive: true });
  };
  return { kind: 'fake', kubeconfig, stop };
}
