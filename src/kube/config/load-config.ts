import { delimiter, join, resolve } from 'node:path';
import type { ClusterConfig } from './cluster-config.ts';
import { clusterOfContext } from './cluster-of-context.ts';
import { configurationError } from './configuration-error.ts';
import { inClusterConfig, isInCluster, serviceAccountFolder } from './in-cluster.ts';
import { type Kubeconfig, mergeKubeconfigs, readKubeconfig } from './kubeconfig.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadConfigOptions {
  /** `process.env`: KUBECONFIG, KUBERNETES_SERVICE_HOST and _PORT are read. */
  readonly env: Environment;
  readonly homeFolder: string;
  /** `--kubeconfig`: this file and no other. */
  readonly kubeconfig?: string;
  /** `--context` instead of current-context. */
  readonly context?: string;
  readonly serviceAccountFolder?: string;
}

/**
 * Which cluster, and as whom. The order is controller-runtime's: an explicit file, the files of KUBECONFIG, the pod's service account,
 * `~/.kube/config`. A named context means a kubeconfig, so it passes over the service account. Rejects with `Configuration`.
 *
 * As kubectl: files of KUBECONFIG that do not exist are passed over, one that cannot be read is an error. Unlike kubectl nothing is ever
 * written, and proxies come from `proxy-url` alone, not from HTTPS_PROXY.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<ClusterConfig> {
  const { env, homeFolder, kubeconfig = '', context = '' } = options;
  if (kubeconfig !== '') {
    const config = await readKubeconfig(resolve(kubeconfig));
    if (config === null)
      throw configurationError(`kubeconfig ${resolve(kubeconfig)} does not exist; name another file`);
    return clusterOfContext(config, context);
  }
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (named.length > 0) {
    const configs = await readAll(named);
    if (configs.length === 0)
      throw configurationError(
        `no file of KUBECONFIG exists (${named.join(', ')}); correct or unset KUBECONFIG`,
      );
    return clusterOfContext(mergeKubeconfigs(configs), context);
  }
  if (context === '' && isInCluster(env))
    return await inClusterConfig(env, options.serviceAccountFolder ?? serviceAccountFolder);
  const home = join(homeFolder, '.kube', 'config');
  const config = await readKubeconfig(home);
  if (config !== null) return clusterOfContext(config, context);
  throw configurationError(
    `no cluster is configured: KUBECONFIG is not set, this is no pod, and ${home} does not exist; set KUBECONFIG or name a kubeconfig`,
  );
}

async function readAll(paths: readonly string[]): Promise<readonly Kubeconfig[]> {
  const configs: Kubeconfig[] = [];
  for (const path of new Set(paths)) {
    const config = await readKubeconfig(resolve(path));
    if (config !== null) configs.push(config);
  }
  return configs;
}
