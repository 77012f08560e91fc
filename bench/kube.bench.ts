import { homedir } from 'node:os';
import { loadConfig } from '../src/kube/config/load-config.ts';
import { createKubeClient } from '../src/kube/rest/create-kube-client.ts';
import { type BenchOptions, type BenchResult, quantile, round } from './bench.ts';
import { openCluster } from './kube/bench-cluster.ts';
import { type GetFigures, measureGets } from './kube/gets.ts';

const namespaces = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };

/** The Kubernetes client: what a call costs over TLS, and how many connections it takes. */
export async function run({ quick, say }: BenchOptions): Promise<BenchResult> {
  const cluster = await openCluster(say);
  try {
    const { kubeconfig } = cluster;
    const config = await loadConfig({ env: process.env, homeFolder: homedir(), kubeconfig });
    const runs: GetFigures[] = [];
    for (let at = 0; at < (quick ? 1 : 5); at += 1) {
      const client = createKubeClient(config);
      runs.push(await measureGets(() => client.get(namespaces, { name: 'default' })));
      await client.close();
    }
    return {
      figures: {
        getMs: round(
          quantile(
            runs.map(({ ms }) => ms),
            0.5,
          ),
          0,
        ),
        connections: Math.max(...runs.map(({ connections }) => connections)),
      },
      against: { server: cluster.kind, limits: { connections: 2 } },
    };
  } finally {
    await cluster.stop();
  }
}
