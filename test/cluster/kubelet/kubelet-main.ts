/**
 * A kubelet as a process of its own, so that it can be killed without its pods. Its configuration is the first argument, in JSON. SIGTERM ends
 * it and leaves the pods running; so does the end of whoever started it, who holds the pods on a leash.
 */
import { loadConfig } from '../../../src/kube/config/load-config.ts';
import { systemClock } from '../../../src/kube/clock.ts';
import { createKubeClient } from '../../../src/kube/rest/create-kube-client.ts';
import { Kubelet, type KubeletConfig } from './kubelet.ts';

/** What it tells whoever started it. */
export type KubeletMessage =
  | { readonly kind: 'ready' }
  /** Pids of the leaders of all process groups of pods that run. */
  | { readonly kind: 'processes'; readonly groups: readonly number[] };

const { kubeconfig, ...config } = JSON.parse(process.argv[2] ?? '') as KubeletConfig & {
  readonly kubeconfig: string;
};
const tell = (message: KubeletMessage): void => void (process.connected && process.send?.(message));

process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
process.on('SIGINT', () => undefined);

const cluster = await loadConfig({ env: {}, homeFolder: '', kubeconfig });
const kubelet = new Kubelet({
  ...config,
  server: new URL(cluster.server),
  client: createKubeClient(cluster, { userAgent: 'kubelet' }),
  clock: systemClock(),
  random: Math.random,
  onProcesses: (groups) => tell({ kind: 'processes', groups }),
  log: (line) => console.error(`${new Date().toISOString()} ${line}`),
});
await kubelet.run(new AbortController().signal, () => tell({ kind: 'ready' }));
